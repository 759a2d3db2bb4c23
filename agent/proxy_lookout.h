#ifndef IPVS_AGENT_AGENT_PROXY_LOOKOUT_H_
#define IPVS_AGENT_AGENT_PROXY_LOOKOUT_H_

#include <sys/types.h>

#include <optional>
#include <string>

#include "agent/reporter.h"
#include "base/clock.h"

namespace agent {

// A process of this name in our network namespace; no value where there is none, or none that can
// be seen: a container sees only itself unless it shares the host's processes (hostPID). `proc` is
// where procfs is.
std::optional<pid_t> find_in_our_network(const std::string& name, const std::string& proc);

// Looks for a kube-proxy that works on the same node, and makes one a problem while it is there.
//
// It looks at the start, then seldom, since a look costs as much as there are processes; soon again
// while there is a reason: one was there, or something keeps rewriting what is ours. Threading: the
// loop's thread.
class ProxyLookout {
 public:
  static constexpr base::Duration kSeldom = std::chrono::minutes(10);
  static constexpr base::Duration kSoon = std::chrono::seconds(30);

  ProxyLookout(Reporter& reporter, std::string proc = "/proc")
      : reporter_(reporter), proc_(std::move(proc)) {}

  // Looks if it is time; `suspicious`: something keeps rewriting what is ours. Returns when to be
  // called again at the latest.
  base::TimePoint check(base::TimePoint now, bool suspicious);

 private:
  Reporter& reporter_;
  std::string proc_;
  base::TimePoint last_{};
  bool looked_ = false;
  bool seen_ = false;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_PROXY_LOOKOUT_H_
