#ifndef IPVS_AGENT_AGENT_ANSWER_WORDS_H_
#define IPVS_AGENT_AGENT_ANSWER_WORDS_H_

#include <string>
#include <string_view>

#include "agent/health.h"
#include "agent/status_answer.h"
#include "base/clock.h"

// The words in which every answer, for programs and for people, tells how something is.
namespace agent {

// "failing", "starting", "degraded", "catching up" or "in step".
std::string_view state_of(const AgentStatus& agent, const HealthState& health,
                          const Moment& moment);
// "draining", "missing", "unwanted", "weight 0" or "ok".
std::string_view state_of(const RealServerStatus& real);
// "taken", "failing", "missing" or "ok".
std::string_view state_of(const VirtualServerStatus& server);
// The same, and where that is "ok", what its real servers make of it: "no endpoints", "2 draining".
std::string summary_of(const VirtualServerStatus& server);
// The address and port that clients connect to: also where a firewall mark leads them.
const ipvs::VirtualServerKey& address_of(const VirtualServerStatus& server);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_ANSWER_WORDS_H_
