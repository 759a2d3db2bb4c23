#ifndef IPVS_AGENT_TESTS_TAKEOVER_KUBE_PROXY_H_
#define IPVS_AGENT_TESTS_TAKEOVER_KUBE_PROXY_H_

#include <optional>
#include <string>
#include <vector>

#include "tests/kernel/agent_in_lab.h"

namespace takeover {

// Kubernetes' own kube-proxy on the node of a lab, in one of its modes. The program is what the
// environment variable KUBE_PROXY names (tests/takeover/run).
//
// Ownership: the program ends with it, by SIGKILL; `lab` must live longer.
// Errors: throws std::runtime_error where it cannot be started.
class KubeProxy {
 public:
  explicit KubeProxy(kernel_test::AgentInLab& lab) : lab_(lab) {}

  // Starts it and waits until both families are in step with the API; false when that never comes.
  // `mode` is "ipvs", "iptables" or "nftables"; `lines` are more lines of YAML; `before` are words
  // before the program.
  bool start(const std::string& mode, const std::vector<std::string>& lines = {},
             const std::vector<std::string>& before = {});
  // Ends it with SIGTERM; what it made in the kernel stays.
  void stop();
  std::string log() const;

 private:
  kernel_test::AgentInLab& lab_;
  std::optional<lab::Process> process_;
  std::string earlier_logs_;
};

}  // namespace takeover

#endif  // IPVS_AGENT_TESTS_TAKEOVER_KUBE_PROXY_H_
