#include <chrono>
#include <string>

#include "agent/answer_words.h"
#include "agent/browser_elements.h"
#include "agent/browser_views.h"

// The view of what a client of one Service gets.
namespace agent {

HtmlText client_view(const watchers::ObjectKey& service, const std::string& client) {
  HtmlText html;
  html.raw("<form class=\"filter\" id=\"client\" action=\"/service\" method=\"get\">\n")
      .raw("<input type=\"hidden\" name=\"name\" value=\"")
      .text(watchers::to_string(service))
      .raw("\">\n<label>What a client gets, IP or IP:PORT ")
      .raw("<input name=\"client\" maxlength=\"60\" autocapitalize=\"none\" ")
      .raw("spellcheck=\"false\" value=\"")
      .text(client)
      .raw("\"></label>\n<button>Foretell</button>\n</form>\n");
  return html;
}

HtmlText choices_view(const Explanation& explanation, const std::string& client,
                      base::WallTime asked_at) {
  HtmlText html;
  html.raw("<section id=\"choices\">\n<h2>A new connection of <code>").text(client);
  html.raw("</code></h2>\n<ul>\n");
  bool any = false;
  for (const ExplainedVirtualServer& server : explanation.virtual_servers) {
    if (!server.choice) continue;
    any = true;
    html.raw("<li>to <code>")
        .text(address_text(address_of(server.status), server.status.planned.protocol))
        .raw("</code>");
    if (server.status.inside_of.port != 0) html.raw(", from inside the cluster");
    html.raw(": ");
    if (server.choice->server) {
      html.raw("<code>").text(ipvs::to_string(*server.choice->server)).raw("</code>, ");
    }
    html.text(server.choice->why).raw("</li>\n");
  }
  if (!any) html.raw("<li>no address of this family is in the kernel</li>\n");
  const std::string time = to_rfc3339(std::chrono::floor<std::chrono::seconds>(asked_at));
  html.raw("</ul>\n<p class=\"muted\">As of ").text(time.substr(11, 8));
  html.raw("; not asked again by itself.</p>\n</section>\n");
  return html;
}

}  // namespace agent
