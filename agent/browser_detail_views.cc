#include <algorithm>
#include <chrono>
#include <string>

#include "agent/answer_words.h"
#include "agent/browser_elements.h"
#include "agent/browser_views.h"

// The views of one Service, of drains, and of what changed.
namespace agent {
namespace {

// Endpoints of a virtual server that are shown; `ipvs-agent explain` tells all.
constexpr std::size_t kMostEndpoints = 500;

const RealServerStatus* real_server_of(const VirtualServerStatus& server,
                                       const ExplainedEndpoint& endpoint) {
  const ipvs::RealServerKey key{endpoint.address, endpoint.port};
  for (const RealServerStatus& real : server.real_servers) {
    if (real.server.key == key) return &real;
  }
  return nullptr;
}

void begin_endpoints(HtmlText& html, std::size_t count) {
  html.raw("<table class=\"rows\">\n<caption>")
      .number(count)
      .raw(count == 1 ? Markup(" endpoint") : Markup(" endpoints"))
      .raw("</caption>\n<thead><tr><th scope=\"col\">Endpoint</th><th scope=\"col\">Used</th>")
      .raw("<th scope=\"col\">Why</th><th scope=\"col\" class=\"n\">Weight</th>")
      .raw("<th scope=\"col\" class=\"n\">Active</th><th scope=\"col\" class=\"n\">Inactive</th>")
      .raw("<th scope=\"col\">Node</th><th scope=\"col\">Slice</th></tr></thead>\n<tbody>\n");
}

void add_endpoint(HtmlText& html, const std::string& address, bool used, std::string why,
                  const RealServerStatus* real) {
  if (used && real == nullptr) why += "; not in the kernel";
  if (real != nullptr && state_of(*real) != "ok") {
    why += (why.empty() ? "" : "; ") + real_state_text(*real);
  }
  html.raw("<tr><th scope=\"row\"><code>")
      .text(address)
      .raw("</code></th><td data-label=\"Used\">");
  add_state(html, used ? "yes" : "no");
  html.raw("</td>");
  add_cell(html, "Why", why);
  if (real == nullptr) {
    html.raw("<td class=\"gone\"></td><td class=\"gone\"></td><td class=\"gone\"></td>");
    return;
  }
  add_number_cell(html, "Weight", real->server.weight);
  add_number_cell(html, "Active", real->active_connections);
  add_number_cell(html, "Inactive", real->inactive_connections);
}

void end_endpoint(HtmlText& html, const std::string& node, const std::string& slice) {
  add_cell(html, "Node", node);
  add_cell(html, "Slice", slice);
  html.raw("</tr>\n");
}

void add_explained(HtmlText& html, const ExplainedEndpoint& endpoint,
                   const RealServerStatus* real) {
  add_endpoint(html, ipvs::to_string(ipvs::RealServerKey{endpoint.address, endpoint.port}),
               endpoint.used, endpoint.why, real);
  end_endpoint(html, endpoint.node, endpoint.slice);
}

void end_endpoints(HtmlText& html, std::size_t not_shown) {
  html.raw("</tbody></table>\n");
  if (not_shown == 0) return;
  html.raw("<p class=\"muted\">").number(not_shown);
  html.raw(" more are not shown: <code>ipvs-agent explain</code> tells all.</p>\n");
}

void add_endpoints(HtmlText& html, const ExplainedVirtualServer& server) {
  std::vector<const RealServerStatus*> unnamed;  // that no endpoint asks for any more
  for (const RealServerStatus& real : server.status.real_servers) {
    const ipvs::RealServerKey& key = real.server.key;
    bool named = std::ranges::any_of(server.endpoints, [&](const ExplainedEndpoint& endpoint) {
      return endpoint.used && endpoint.address == key.address && endpoint.port == key.port;
    });
    if (!named) unnamed.push_back(&real);
  }
  const std::size_t count = server.endpoints.size() + unnamed.size();
  if (count == 0) {
    html.raw("<p class=\"none\">No endpoints.</p>\n");
    return;
  }
  begin_endpoints(html, count);
  for (const RealServerStatus* real : unnamed) {
    add_endpoint(html, ipvs::to_string(real->server.key), false, "no endpoint any more", real);
    end_endpoint(html, "", "");
  }
  const std::size_t shown = std::min(kMostEndpoints, server.endpoints.size());
  for (const ExplainedEndpoint& endpoint : std::span(server.endpoints).first(shown)) {
    add_explained(html, endpoint,
                  endpoint.used ? real_server_of(server.status, endpoint) : nullptr);
  }
  end_endpoints(html, server.endpoints.size() - shown);
}

void add_virtual_server(HtmlText& html, const ExplainedVirtualServer& server) {
  const ipvs::VirtualServer& planned = server.status.planned.server;
  html.raw("<section>\n<h2><code>")
      .text(address_text(address_of(server.status), server.status.planned.protocol))
      .raw("</code> ");
  add_state(html, summary_of(server.status));
  html.raw("</h2>\n<p>").text(to_string(server.status.planned.kind));
  if (server.status.inside_of.port != 0) {
    html.raw(", for clients inside the cluster: firewall mark ").number(planned.key.firewall_mark);
  }
  html.raw(", scheduler ").text(planned.scheduler);
  if (planned.timeout_s != 0) {
    html.raw(", clients stay with their real server for ").number(planned.timeout_s).raw(" s");
  }
  html.raw("</p>\n");
  if (!server.status.taken_by.name.empty()) {
    html.raw("<p>It belongs to ");
    add_service(html, server.status.taken_by);
    html.raw(", whose claim goes before (ClusterIP, load balancer, external IP, node port; then ")
        .raw("by name).</p>\n</section>\n");
    return;
  }
  if (!server.status.failure.empty()) {
    html.raw("<p class=\"problem\">last try: ").text(server.status.failure).raw("</p>\n");
  }
  for (const std::string& note : server.notes) html.raw("<p>").text(note).raw("</p>\n");
  add_endpoints(html, server);
  html.raw("</section>\n");
}

void add_objects(HtmlText& html, const PlannedFrom& from, const Moment& moment) {
  html.raw("<p>").text(to_string(from.service->type));
  html.raw(", version ").text(from.service->resource_version).raw(", in the kernel ");
  if (from.applied) {
    html.raw("since ");
    add_time(html, moment.wall - *from.applied, moment);
  } else {
    html.raw("not yet");
  }
  html.raw(".</p>\n");
  if (from.status.waits) {
    html.raw("<p>A change waits for its round for ").text(age_text(*from.status.waits));
    html.raw(".</p>\n");
  }
  add_problems(html, from.status.problems);
  if (from.slices.empty()) return;
  html.raw("<details id=\"slices\"><summary>")
      .number(from.slices.size())
      .raw(from.slices.size() == 1 ? Markup(" slice") : Markup(" slices"))
      .raw("</summary><ul>\n");
  for (const auto& slice : from.slices) {
    html.raw("<li><code>").text(slice->key.name).raw("</code>, version ");
    html.text(slice->resource_version);
    if (slice->trigger_time) {
      html.raw(", changed ");
      add_time(html, *slice->trigger_time, moment);
    }
    add_problems(html, slice->problems);
    html.raw("</li>\n");
  }
  html.raw("</ul></details>\n");
}

void begin_drains(HtmlText& html, Markup caption) {
  html.raw("<table class=\"rows\">\n<caption>")
      .raw(caption)
      .raw("</caption>\n<thead><tr><th scope=\"col\">Real server</th>")
      .raw("<th scope=\"col\">Service</th><th scope=\"col\">Virtual server</th>")
      .raw("<th scope=\"col\" class=\"n\">Active</th><th scope=\"col\" class=\"n\">Inactive</th>")
      .raw("<th scope=\"col\">State</th></tr></thead>\n<tbody>\n");
}

void add_drain(HtmlText& html, const watchers::ObjectKey& service,
               const ipvs::VirtualServerKey& virtual_server, const RealServerStatus& real,
               bool alone) {
  html.raw("<tr><th scope=\"row\"><code>")
      .text(ipvs::to_string(real.server.key))
      .raw("</code></th><td data-label=\"Service\">");
  if (service.name.empty()) {
    html.raw("none any more");
  } else {
    add_service(html, service);
  }
  html.raw("</td>");
  add_code_cell(html, "Virtual server", ipvs::to_string(virtual_server));
  add_number_cell(html, "Active", real.active_connections);
  add_number_cell(html, "Inactive", real.inactive_connections);
  add_state_cell(html, real_state_text(real) + (alone ? "; nobody else takes connections" : ""));
  html.raw("</tr>\n");
}

}  // namespace

HtmlText service_view(const Explanation& explanation, const Moment& moment) {
  HtmlText html;
  add_objects(html, explanation.from, moment);
  if (!explanation.not_served.empty()) {
    html.raw("<p>Nothing is made of it: ").text(explanation.not_served).raw(".</p>\n");
  }
  for (const ExplainedVirtualServer& server : explanation.virtual_servers) {
    add_virtual_server(html, server);
  }
  if (explanation.unused.empty()) return html;
  html.raw("<section>\n<h2>Of no address</h2>\n");
  begin_endpoints(html, explanation.unused.size());
  const std::size_t shown = std::min(kMostEndpoints, explanation.unused.size());
  for (const ExplainedEndpoint& endpoint : std::span(explanation.unused).first(shown)) {
    add_explained(html, endpoint, nullptr);
  }
  end_endpoints(html, explanation.unused.size() - shown);
  html.raw("</section>\n");
  return html;
}

HtmlText lines_view(std::span<const std::shared_ptr<const LogLine>> lines, const Moment& moment) {
  HtmlText html;
  if (lines.empty()) {
    html.raw("<p class=\"none\">Nothing since the start of the agent.</p>\n");
    return html;
  }
  html.raw("<ol class=\"lines\">\n");
  for (const auto& line : lines) {
    html.raw("<li><p>");
    if (line->level != LogLevel::kInfo) {
      add_state(html, to_string(line->level));
      html.raw(" ");
    }
    html.raw("<strong>").text(line->event).raw("</strong> <span class=\"muted\">");
    add_time(html, line->time, moment);
    html.raw("</span></p>\n<dl>");
    for (const auto& [key, value] : line->fields) {
      if (value.empty()) continue;
      html.raw("<div><dt>").text(key).raw("</dt><dd>").text(value).raw("</dd></div>");
    }
    html.raw("</dl></li>\n");
  }
  html.raw("</ol>\n");
  return html;
}

HtmlText drains_view(const RunningDrains& drains, const std::vector<OrderStatus>& orders) {
  HtmlText html;
  if (drains.total == 0 && orders.empty()) {
    html.raw("<p class=\"none\">Nothing drains.</p>\n");
    return html;
  }
  if (!drains.oldest.empty()) {
    begin_drains(html, "Real servers that left, the oldest first");
    for (const RunningDrain& drain : drains.oldest) {
      add_drain(html, drain.service, drain.virtual_server, drain.real_server, false);
    }
    html.raw("</tbody></table>\n");
    if (drains.total > drains.oldest.size()) {
      html.raw("<p class=\"muted\">").number(drains.total - drains.oldest.size());
      html.raw(" more.</p>\n");
    }
  }
  for (const OrderStatus& order : orders) {
    html.raw("<section>\n<h2>Ordered: <code>").text(to_string(order.order)).raw("</code></h2>\n");
    begin_drains(html, "Real servers that the order keeps at weight 0");
    for (const OrderedServer& server : order.servers) {
      add_drain(html, server.service, server.virtual_server, server.real_server, server.alone);
    }
    html.raw("</tbody></table>\n");
    if (order.not_shown > 0) {
      html.raw("<p class=\"muted\">").number(order.not_shown).raw(" more.</p>\n");
    }
    html.raw("</section>\n");
  }
  return html;
}

HtmlText failure_view(std::string_view sentence) {
  HtmlText html;
  html.raw("<p class=\"problem\" role=\"alert\">").text(sentence).raw("</p>\n");
  return html;
}

}  // namespace agent
