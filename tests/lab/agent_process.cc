#include "tests/lab/agent_process.h"

#include <csignal>
#include <fstream>

namespace lab {
namespace {

using base::Code;
using base::Status;

}  // namespace

Status AgentProcess::launch() {
  const std::filesystem::path path = options_.folder / "agent.yaml";
  std::ofstream file(path);
  file << "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
       << "mode: ipvs\nhostnameOverride: " << options_.node_name
       << "\nclientConnection:\n  kubeconfig: " << options_.kubeconfig << "\n";
  for (const std::string& line : options_.configuration) file << line << "\n";
  file.close();
  if (file.fail()) return {Code::kInternal, "cannot write " + path.string()};
  agent_.reset();
  base::Result<Process> started =
      node_.start({options_.program, "--config", path.string(), "--state-directory",
                   (options_.folder / "state").string(), "--socket",
                   (options_.folder / "agent.sock").string()});
  if (!started.ok()) return started.status();
  agent_ = std::move(*started);
  return {};
}

Status AgentProcess::start() {
  Status status = launch();
  if (!status.ok()) return status;
  auto in_step = [&] { return log().find("in step with the API") != std::string::npos; };
  eventually([&] { return in_step() || !running(); }, kAgentPatience);
  if (in_step() && running()) return {};
  return {Code::kUnavailable, "the agent is not in step with the API; its log:\n" + log()};
}

base::Result<int> AgentProcess::stop() {
  agent_->signal(SIGTERM);
  return agent_->wait(kAgentPatience);
}

std::string AgentProcess::log() const { return agent_ ? agent_->out() + agent_->err() : ""; }

}  // namespace lab
