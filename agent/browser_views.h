#ifndef IPVS_AGENT_AGENT_BROWSER_VIEWS_H_
#define IPVS_AGENT_AGENT_BROWSER_VIEWS_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/drain_answer.h"
#include "agent/explanation.h"
#include "agent/health.h"
#include "agent/html_text.h"
#include "agent/recent_log.h"
#include "agent/running_drains.h"
#include "agent/status_answer.h"
#include "base/clock.h"

// The answers as people see them in a browser. Each view is a piece of HTML that needs no script.
namespace agent {

// How the agent does: its state, figures and problems. `status` is null while it cannot be asked.
HtmlText agent_view(const AgentStatus* status, const HealthState& health, const Moment& moment);

// The form by which Services are chosen.
HtmlText filter_view(const StatusQuestion& question);
// A page of the list of Services, with the way to the other pages.
HtmlText services_view(const StatusPage& page, const StatusQuestion& question);

// All that is known of one Service.
HtmlText service_view(const Explanation& explanation, const Moment& moment);

// The form by which a client is asked about: what was asked last, as it was given.
HtmlText client_view(const watchers::ObjectKey& service, const std::string& client);
// What a new connection of that client gets at each of the Service's addresses; the explanation has
// it.
HtmlText choices_view(const Explanation& explanation, const std::string& client,
                      base::WallTime asked_at);

// Lines of the log, the newest first.
HtmlText lines_view(std::span<const std::shared_ptr<const LogLine>> lines, const Moment& moment);

HtmlText drains_view(const RunningDrains& drains, const std::vector<OrderStatus>& orders);

// A sentence in place of a view that cannot be made.
HtmlText failure_view(std::string_view sentence);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_BROWSER_VIEWS_H_
