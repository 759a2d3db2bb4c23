#ifndef IPVS_AGENT_TESTS_LAB_AGENT_PROCESS_H_
#define IPVS_AGENT_TESTS_LAB_AGENT_PROCESS_H_

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "tests/lab/namespace.h"
#include "tests/lab/node_state.h"
#include "tests/lab/process.h"

namespace lab {

// Generous: the lab may be an emulated processor, and a loaded one.
inline constexpr std::chrono::seconds kAgentPatience(90);

// The real program in a node's namespace, and what one sees of it there. Which API server it
// follows is its kubeconfig's matter.
//
// Ownership: the program ends with it, by SIGKILL; `node` must live longer.
// Threading: one owner.
class AgentProcess {
 public:
  struct Options {
    std::string program;           // path of the executable
    std::filesystem::path folder;  // where its configuration file is written; must exist
    std::string node_name;         // of the Node in the API
    std::string kubeconfig;        // path
    // Lines of YAML beside these: "clusterCIDR: 10.244.0.0/16".
    std::vector<std::string> configuration{};
  };

  AgentProcess(const Namespace& node, Options options)
      : node_(node), options_(std::move(options)) {}

  void use_kubeconfig(const std::string& path) { options_.kubeconfig = path; }

  // Starts the program, and forgets the output of the one before.
  base::Status launch();
  // Starts it and waits until it is in step with the API.
  base::Status start();
  // SIGTERM, and the exit status; kUnavailable when it does not end.
  base::Result<int> stop();
  bool running() { return agent_ && agent_->running(); }
  // All that it has written since its last start.
  std::string log() const;

  std::string ipvs() const { return ipvs_of(node_); }
  std::string everything() const { return everything_of(node_); }
  std::optional<double> metric(const std::string& name, const std::string& labels = "") const {
    return metric_in(metrics_of(node_), name, labels);
  }

 private:
  const Namespace& node_;
  Options options_;
  std::optional<Process> agent_;
};

}  // namespace lab

#endif  // IPVS_AGENT_TESTS_LAB_AGENT_PROCESS_H_
