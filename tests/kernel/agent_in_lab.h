#ifndef IPVS_AGENT_TESTS_KERNEL_AGENT_IN_LAB_H_
#define IPVS_AGENT_TESTS_KERNEL_AGENT_IN_LAB_H_

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "tests/apiserver/test_api_server.h"
#include "tests/lab/node_state.h"
#include "tests/lab/process.h"
#include "tests/lab/topology.h"

namespace kernel_test {

// The name of the agent's node in the API.
inline constexpr char kNodeName[] = "node-a";
// Generous: the lab may be an emulated processor, and a loaded one.
inline constexpr std::chrono::seconds kPatience(60);

inline bool eventually(const std::function<bool()>& condition,
                       base::Duration patience = kPatience) {
  return lab::eventually(condition, patience);
}

// A small cluster in the lab: networks, an API server that the node reaches, and the real program.
//
// Ownership: everything ends with it, the program by SIGKILL.
// Errors: throws std::runtime_error where the lab itself cannot be made.
class AgentInLab {
 public:
  explicit AgentInLab(const lab::TopologyOptions& options);
  ~AgentInLab();

  const lab::Topology& network() const { return *topology_; }
  const lab::Namespace& node() const { return topology_->node(); }
  apiserver::TestApiServer& api() { return *api_; }
  // Creates or replaces; throws std::runtime_error with what the server says.
  void put(const nlohmann::json& object);
  void erase(const std::string& kind, const std::string& name);
  // Takes the API server away (connections cut, new ones refused) and brings it back.
  void api_leaves();
  void api_returns();

  // Lines of YAML for the next start, beside what every test needs:
  // configure({"clusterCIDR: 10.244.0.0/16", "ipvsAgent: {auditPeriod: 2s}"}).
  void configure(std::vector<std::string> lines) { lines_ = std::move(lines); }
  // Starts the program with words before it, such as {"setpriv", "--bounding-set", "-all"}.
  void launch(const std::vector<std::string>& before = {}, const std::string& kubeconfig = "");
  // Starts it and waits until it is in step with the API; false when that never comes.
  bool start();
  // Runs it with --cleanup and the configuration of the last start: the exit status; log() is what
  // it wrote.
  int clean_up();
  // Another one with the same configuration; one that runs goes on.
  lab::Process start_beside(const std::vector<std::string>& flags = {}) const;
  // The next starts use this file as it is.
  void use_config(const std::string& path) { config_path_ = path; }
  // Runs a command of its command line: command({"status", "-o", "json"}); status -1 when it does
  // not end.
  lab::Output command(std::vector<std::string> words) const;
  // Where the program answers its command line.
  std::string socket() const;
  // Where the program keeps what it needs over a restart.
  std::string state_directory() const;
  // The exit status: 0 after SIGTERM, 137 after SIGKILL.
  int stop(int signal_number = 15);
  // Waits for the end without a signal; -1 when it does not come.
  int wait_for_end();
  bool running() { return agent_ && agent_->running(); }
  // Everything the program has written since its last start; what earlier ones wrote.
  std::string log() const;
  const std::string& earlier_logs() const { return earlier_logs_; }

  // What is in the kernel, as the tools tell it.
  std::string ipvs() const { return lab::ipvs_of(node()); }
  std::string addresses() const { return lab::addresses_of(node()); }
  std::string sets() const { return lab::sets_of(node()); }
  std::string rules(base::Family family) const {
    return lab::rules_of(node(), family, iptables_suffix_);
  }
  // All of these together: equal before and after means that nothing changed.
  std::string everything() const { return lab::everything_of(node(), iptables_suffix_); }
  // Runs a tool in the node's namespace; throws std::runtime_error if it fails.
  std::string tool(const std::vector<std::string>& argv) const;
  // Replaces the names of the tools for rules: "iptables-legacy" in place of "iptables".
  void use_iptables(const std::string& suffix) { iptables_suffix_ = suffix; }

  // The sum of a metric over the label sets that contain `labels`; nullopt without any such.
  std::optional<double> metric(const std::string& name, const std::string& labels = "") const {
    return lab::metric_in(metrics(), name, labels);
  }
  std::string metrics() const { return lab::metrics_of(node()); }

 private:
  // The path of the configuration file, which is made unless there is one.
  std::string write_config(const std::string& kubeconfig) const;

  std::unique_ptr<lab::Topology> topology_;
  std::unique_ptr<apiserver::TestApiServer> api_;
  std::vector<std::string> lines_;
  std::string config_path_;
  std::optional<lab::Process> agent_;
  std::string earlier_logs_;
  std::string iptables_suffix_;
};

}  // namespace kernel_test

#endif  // IPVS_AGENT_TESTS_KERNEL_AGENT_IN_LAB_H_
