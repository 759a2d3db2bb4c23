#include <algorithm>
#include <string>

#include "agent/answer_words.h"
#include "agent/browser_elements.h"
#include "agent/browser_views.h"
#include "agent/listen_address.h"

// The views of the agent as a whole, and of many Services.
namespace agent {
namespace {

// Real servers of a virtual server that the list shows; the Service's own page has all.
constexpr std::size_t kMostRealServers = 20;

void add_figure(HtmlText& html, Markup name, std::size_t number) {
  html.raw("<div><dt>").raw(name).raw("</dt><dd>").number(number).raw("</dd></div>");
}

// The parameters by which Services were chosen, for a link.
void add_filter(HtmlText& html, const StatusQuestion& question) {
  html.raw("namespace=").query(question.space).raw("&amp;text=").query(question.text);
  if (question.troubled) html.raw("&amp;troubled=1");
}

void add_page_links(HtmlText& html, const StatusPage& page, const StatusQuestion& question) {
  if (!page.previous && !page.next) return;
  auto link = [&](const watchers::ObjectKey& after, Markup relation, Markup words) {
    html.raw("<a id=\"to-").raw(relation).raw("\" rel=\"").raw(relation).raw("\" href=\"/?");
    add_filter(html, question);
    if (!after.name.empty()) html.raw("&amp;after=").query(watchers::to_string(after));
    html.raw("\">").raw(words).raw("</a>");
  };
  html.raw("<nav class=\"pages\" aria-label=\"Pages of the list\">");
  if (page.previous) {
    link({}, "first", "First");
    link(*page.previous, "prev", "Previous");
  }
  if (page.next) link(*page.next, "next", "Next");
  html.raw("</nav>\n");
}

void add_real_server(HtmlText& html, const RealServerStatus& real) {
  html.raw("<li><code>")
      .text(ipvs::to_string(real.server.key))
      .raw("</code> weight ")
      .number(real.server.weight)
      .raw(", ")
      .number(real.active_connections)
      .raw(" active, ")
      .number(real.inactive_connections)
      .raw(" inactive");
  if (state_of(real) != "ok") {
    html.raw(" ");
    add_state(html, real_state_text(real));
  }
  html.raw("</li>");
}

// One for each virtual server of a page, and the same each time.
std::string id_of(const ServiceStatus& service, const VirtualServerStatus& server) {
  std::string id =
      watchers::to_string(service.key) + "/" + ipvs::to_string(server.planned.server.key);
  std::ranges::replace(id, ' ', '/');
  return id;
}

void add_real_servers(HtmlText& html, const ServiceStatus& service,
                      const VirtualServerStatus& server) {
  html.raw("<td data-label=\"Real servers\">");
  if (server.real_servers.empty()) {
    html.raw("0</td>");
    return;
  }
  const auto in_use =
      static_cast<std::size_t>(std::ranges::count_if(server.real_servers, [](const auto& real) {
        return real.in_kernel && real.server.weight > 0;
      }));
  html.raw("<details id=\"")
      .text(id_of(service, server))
      .raw("\"><summary>")
      .number(in_use)
      .raw(" of ")
      .number(server.real_servers.size())
      .raw(" in use</summary><ul>");
  const std::size_t shown = std::min(kMostRealServers, server.real_servers.size());
  for (const RealServerStatus& real : std::span(server.real_servers).first(shown)) {
    add_real_server(html, real);
  }
  if (shown < server.real_servers.size()) {
    html.raw("<li>").number(server.real_servers.size() - shown).raw(" more: ");
    add_service(html, service.key);
    html.raw("</li>");
  }
  html.raw("</ul></details></td>");
}

void add_virtual_server(HtmlText& html, const ServiceStatus& service,
                        const VirtualServerStatus& server) {
  std::uint64_t active = 0;
  std::uint64_t inactive = 0;
  for (const RealServerStatus& real : server.real_servers) {
    active += real.active_connections;
    inactive += real.inactive_connections;
  }
  std::string address = address_text(address_of(server), server.planned.protocol);
  if (server.inside_of.port != 0) address += " (inside)";
  add_code_cell(html, "Virtual server", address);
  add_cell(html, "Kind", to_string(server.planned.kind));
  add_cell(html, "Scheduler", server.planned.server.scheduler);
  add_real_servers(html, service, server);
  add_number_cell(html, "Active", active);
  add_number_cell(html, "Inactive", inactive);
  html.raw("<td data-label=\"State\">");
  add_state(html, summary_of(server));
  if (!server.failure.empty()) html.raw("<p>").text(server.failure).raw("</p>");
  html.raw("</td></tr>\n");
}

void add_rows(HtmlText& html, const ServiceStatus& service) {
  auto begin_row = [&] {
    html.raw("<tr><th scope=\"row\">");
    add_service(html, service.key);
    html.raw("</th>");
  };
  for (const VirtualServerStatus& server : service.virtual_servers) {
    begin_row();
    add_virtual_server(html, service, server);
  }
  if (service.virtual_servers.empty()) {
    begin_row();
    add_cell(html, "Virtual server", "none");
    add_cell(html, "Kind", service.headless ? "headless" : to_string(service.type));
    html.raw("<td class=\"gone\"></td><td class=\"gone\"></td><td class=\"gone\"></td>");
    html.raw("<td class=\"gone\"></td><td class=\"gone\"></td></tr>\n");
  }
  if (service.problems.empty() && !service.waits) return;
  html.raw("<tr class=\"more\"><td colspan=\"8\">");
  if (service.waits) {
    html.raw("<p>")
        .text(watchers::to_string(service.key))
        .raw(": a change waits for its round for ");
    html.text(age_text(*service.waits)).raw("</p>");
  }
  add_problems(html, service.problems);
  html.raw("</td></tr>\n");
}

}  // namespace

HtmlText agent_view(const AgentStatus* status, const HealthState& health, const Moment& moment) {
  HtmlText html;
  html.raw("<section class=\"agent\" aria-label=\"The agent\">\n<p>");
  if (status != nullptr) add_state(html, state_of(*status, health, moment));
  if (status == nullptr) {
    add_state(html, is_healthy(health, moment.now) ? "not asked" : "failing");
  }
  if (status != nullptr && status->shadow) {
    html.raw(" <strong>shadow mode: it programs nothing</strong>");
  }
  std::optional<base::WallTime> synced;
  for (const FamilyHealth& family : health.families) {
    if (family.last_updated) synced = family.last_updated;
  }
  html.raw(" <span class=\"muted\">last sync ");
  if (synced) {
    add_time(html, *synced, moment);
  } else {
    html.raw("never");
  }
  html.raw("</span></p>\n");
  if (status != nullptr) {
    html.raw("<dl class=\"figures\">");
    add_figure(html, "Services", status->services);
    add_figure(html, "virtual servers", status->virtual_servers);
    add_figure(html, "real servers", status->real_servers);
    add_figure(html, "draining", status->drains);
    add_figure(html, "waiting", status->services_waiting);
    add_figure(html, "to be tried again", status->retries);
    add_figure(html, "foreign virtual servers", status->foreign_virtual_servers);
    html.raw("</dl>\n");
  }
  add_problems(html, health.faults);
  add_problems(html, health.warnings);
  html.raw("</section>\n");
  return html;
}

HtmlText filter_view(const StatusQuestion& question) {
  HtmlText html;
  html.raw(
          "<form class=\"filter\" action=\"/\" method=\"get\" role=\"search\">\n<label>Name or "
          "address ")
      .raw(
          "<input type=\"search\" name=\"text\" maxlength=\"300\" autocapitalize=\"none\" value=\"")
      .text(question.text)
      .raw("\"></label>\n<label>Namespace ")
      .raw("<input name=\"namespace\" maxlength=\"63\" autocapitalize=\"none\" value=\"")
      .text(question.space)
      .raw(
          "\"></label>\n<label class=\"check\"><input type=\"checkbox\" name=\"troubled\" "
          "value=\"1\"");
  if (question.troubled) html.raw(" checked");
  html.raw("> only with problems or without endpoints</label>\n")
      .raw("<button>Show</button> <a href=\"/\">all</a>\n</form>\n");
  return html;
}

HtmlText services_view(const StatusPage& page, const StatusQuestion& question) {
  HtmlText html;
  if (page.services.empty()) {
    html.raw("<p class=\"none\">No such Services.</p>\n");
    add_page_links(html, page, question);
    return html;
  }
  html.raw("<table class=\"rows\">\n<caption>")
      .number(page.before + 1)
      .raw(" to ")
      .number(page.before + page.services.size())
      .raw(" of ")
      .number(page.matching)
      .raw(" Services</caption>\n<thead><tr><th scope=\"col\">Service</th>")
      .raw("<th scope=\"col\">Virtual server</th><th scope=\"col\">Kind</th>")
      .raw("<th scope=\"col\">Scheduler</th><th scope=\"col\">Real servers</th>")
      .raw("<th scope=\"col\" class=\"n\">Active</th><th scope=\"col\" class=\"n\">Inactive</th>")
      .raw("<th scope=\"col\">State</th></tr></thead>\n<tbody>\n");
  for (const ServiceStatus& service : page.services) add_rows(html, service);
  html.raw("</tbody></table>\n");
  add_page_links(html, page, question);
  return html;
}

}  // namespace agent
