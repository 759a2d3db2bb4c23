#ifndef IPVS_AGENT_AGENT_BROWSER_ELEMENTS_H_
#define IPVS_AGENT_AGENT_BROWSER_ELEMENTS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/health.h"
#include "agent/html_text.h"
#include "agent/status_answer.h"
#include "base/clock.h"

// The small parts that the views of browser_views.h are made of.
namespace agent {

// "5 s", "12 min", "3 h", "8 d".
std::string age_text(base::Duration age);
// "10.96.0.10:80/TCP", "[fd00::1]:53/UDP".
std::string address_text(const ipvs::VirtualServerKey& address, base::Protocol protocol);

// A state in its colour: of the agent, a virtual server or a real server.
void add_state(HtmlText& html, std::string_view state);
// A moment to the second, and how long ago that was.
void add_time(HtmlText& html, base::WallTime time, const Moment& moment);
// A link to a Service's page.
void add_service(HtmlText& html, const watchers::ObjectKey& service);
// Sentences as a list; nothing where there are none.
void add_problems(HtmlText& html, std::span<const std::string> problems);

// Cells of a row; the label is for narrow screens, on which a row is a card.
void add_cell(HtmlText& html, Markup label, std::string_view text);
void add_code_cell(HtmlText& html, Markup label, std::string_view text);
void add_number_cell(HtmlText& html, Markup label, std::uint64_t number);
void add_state_cell(HtmlText& html, std::string_view state);

// "draining 12 s of 15 min": the state of a real server, and how far its drain has come.
std::string real_state_text(const RealServerStatus& real);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_BROWSER_ELEMENTS_H_
