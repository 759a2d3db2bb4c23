#ifndef IPVS_AGENT_AGENT_ANSWER_JSON_H_
#define IPVS_AGENT_AGENT_ANSWER_JSON_H_

#include <string>
#include <vector>

#include "agent/drain_answer.h"
#include "agent/explanation.h"
#include "agent/health.h"
#include "agent/host_scan.h"
#include "agent/status_answer.h"
#include "base/clock.h"

// What the agent answers, as the JSON that programs read: docs/command-line.md says what is in it.
// Times are RFC 3339 in UTC, lengths of time are seconds.
namespace agent {

std::string status_json(const StatusPage& page, const HealthState& health, const Moment& moment);
std::string explanation_json(const Explanation& explanation, const Moment& moment);
// {"started": true, "servicesWaiting": 0, "commands": [...], "unread": [...]}
std::string plan_json(const HostScan& scan);
std::string audit_json(const HostScan& scan);
std::string drain_json(const std::vector<OrderStatus>& orders);
// {"error": MESSAGE}
std::string error_json(const std::string& message);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_ANSWER_JSON_H_
