#ifndef IPVS_AGENT_AGENT_CONFIG_CHANGE_H_
#define IPVS_AGENT_AGENT_CONFIG_CHANGE_H_

#include <string>
#include <string_view>
#include <vector>

#include "agent/configuration.h"

namespace agent {

// A key that a running agent cannot follow.
struct WaitingKey {
  std::string path;     // "healthzBindAddress"
  std::string running;  // the value in force, as texts show it
  std::string wanted;   // the value in the file
  std::string reason;   // why it stays, and the remedy

  friend bool operator==(const WaitingKey&, const WaitingKey&) = default;
};

// What a new configuration means to an agent that runs with another one.
struct ConfigChange {
  Configuration next;                // what is in force from now on
  std::vector<std::string> applied;  // "ipvs.scheduler: "rr" -> "wlc"", in the order of the keys
  std::vector<WaitingKey> waiting;   // stay as they are
};

// Key by key: what can change in a running agent does, the rest stays.
ConfigChange change_between(const Configuration& running, const Configuration& wanted);

// Why a running agent does not follow a key; "" for one that it follows. A key that nothing is
// known of is not followed.
std::string restart_reason(std::string_view path);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_CONFIG_CHANGE_H_
