#ifndef IPVS_AGENT_AGENT_HEALTH_H_
#define IPVS_AGENT_AGENT_HEALTH_H_

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"

namespace agent {

// How one family's part of the host is kept up with the cluster.
struct FamilyHealth {
  base::Family family = base::Family::kIpv4;
  // When everything known then was in the kernel; null before the first time.
  std::optional<base::WallTime> last_updated;
  // Since when the oldest change waits that is not in the kernel yet; null when none does.
  std::optional<base::TimePoint> oldest_pending;

  friend bool operator==(const FamilyHealth&, const FamilyHealth&) = default;
};

// What the loop says of itself. It publishes one at least every syncPeriod, also when nothing
// happens, so that a loop that hangs is seen.
struct HealthState {
  base::TimePoint published;
  // A change may wait, and the loop be silent, for less than this: twice ipvs.syncPeriod.
  base::Duration timeout = std::chrono::minutes(1);
  std::vector<FamilyHealth> families;  // those that the node serves, in order
  // The Node is there, is not being deleted and is not about to be removed by the autoscaler.
  bool node_eligible = true;
  // What is known to be broken on the way from the cluster to packets: "no CAP_NET_ADMIN". Empty
  // while nothing is. Losing the API server is no fault: the kernel goes on as it is.
  std::vector<std::string> faults;
  // What is degraded without harm to packets: told, but no reason to be unhealthy.
  std::vector<std::string> warnings;

  friend bool operator==(const HealthState&, const HealthState&) = default;
};

// A moment on both clocks.
struct Moment {
  base::TimePoint now;
  base::WallTime wall;
};

// No change of the family waits too long.
bool is_healthy(const FamilyHealth& family, const HealthState& state, base::TimePoint now);
// Every family is healthy, the loop runs and nothing is broken. The agent that starts or idles is
// healthy.
bool is_healthy(const HealthState& state, base::TimePoint now);

// An answer of the health server.
struct HealthAnswer {
  int status = 200;  // or 503
  std::string body;  // JSON
};

// kube-proxy's /livez: whether the agent does its work.
HealthAnswer livez(const HealthState& state, const Moment& moment);
// kube-proxy's /healthz: besides, whether load balancers shall send to this node.
HealthAnswer healthz(const HealthState& state, const Moment& moment);

// "2026-11-21T03:18:50.5Z": UTC with as many decimals as needed, as Go's RFC3339Nano.
std::string to_rfc3339(base::WallTime time);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_HEALTH_H_
