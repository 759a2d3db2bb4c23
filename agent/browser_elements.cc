#include "agent/browser_elements.h"

#include <chrono>

#include "agent/answer_words.h"
#include "agent/listen_address.h"

namespace agent {
namespace {

Markup tone_class(std::string_view state) {
  if (state == "ok" || state == "in step" || state == "yes") return "good";
  if (state.starts_with("missing") || state.starts_with("failing") || state == "error") {
    return "bad";
  }
  return "warn";
}

}  // namespace

std::string age_text(base::Duration age) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 2L * 3600) return std::to_string(seconds / 60) + " min";
  if (seconds < 48L * 3600) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86400) + " d";
}

std::string address_text(const ipvs::VirtualServerKey& address, base::Protocol protocol) {
  return to_string(ListenAddress{address.address, address.port}) + "/" +
         std::string(base::to_string(protocol));
}

void add_state(HtmlText& html, std::string_view state) {
  html.raw("<span class=\"state ").raw(tone_class(state)).raw("\">").text(state).raw("</span>");
}

void add_time(HtmlText& html, base::WallTime time, const Moment& moment) {
  const std::string text = to_rfc3339(std::chrono::floor<std::chrono::seconds>(time));
  // Whatever stands around it says that times are UTC.
  const std::string date_and_time = text.substr(0, 10) + " " + text.substr(11, 8);
  html.raw("<time datetime=\"").text(text).raw("\">").text(date_and_time).raw("</time>");
  if (moment.wall >= time) html.raw(" (").text(age_text(moment.wall - time)).raw(" ago)");
}

void add_service(HtmlText& html, const watchers::ObjectKey& service) {
  const std::string name = watchers::to_string(service);
  html.raw("<a href=\"/service?name=").query(name).raw("\">").text(name).raw("</a>");
}

void add_problems(HtmlText& html, std::span<const std::string> problems) {
  if (problems.empty()) return;
  html.raw("<ul class=\"problems\">");
  for (const std::string& problem : problems) html.raw("<li>").text(problem).raw("</li>");
  html.raw("</ul>\n");
}

void add_cell(HtmlText& html, Markup label, std::string_view text) {
  html.raw("<td data-label=\"").raw(label).raw("\">").text(text).raw("</td>");
}

void add_code_cell(HtmlText& html, Markup label, std::string_view text) {
  html.raw("<td data-label=\"").raw(label).raw("\"><code>").text(text).raw("</code></td>");
}

void add_number_cell(HtmlText& html, Markup label, std::uint64_t number) {
  html.raw("<td class=\"n\" data-label=\"").raw(label).raw("\">").number(number).raw("</td>");
}

void add_state_cell(HtmlText& html, std::string_view state) {
  html.raw("<td data-label=\"State\">");
  add_state(html, state);
  html.raw("</td>");
}

std::string real_state_text(const RealServerStatus& real) {
  std::string text(state_of(real));
  if (!real.drain) return text;
  text += " " + age_text(real.drain->lasts);
  if (real.drain->left) text += " of " + age_text(real.drain->lasts + *real.drain->left);
  return text;
}

}  // namespace agent
