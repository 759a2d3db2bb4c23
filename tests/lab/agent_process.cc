#include "tests/lab/agent_process.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace lab {
namespace {

using base::Code;
using base::Status;

std::string sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  std::string result;
  for (const std::string& line : lines) result += line + "\n";
  return result;
}

// Without what changes by itself: dates and counters.
std::string without_counters(const std::string& rules) {
  std::istringstream stream(rules);
  std::string result;
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with('#')) result += line.substr(0, line.find(" [")) + "\n";
  }
  return result;
}

}  // namespace

bool eventually(const std::function<bool()>& condition, base::Duration patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return true;
}

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
  base::Result<Process> started = node_.start({options_.program, "--config", path.string()});
  if (!started.ok()) return started.status();
  agent_ = std::move(*started);
  return {};
}

Status AgentProcess::start() {
  Status status = launch();
  if (!status.ok()) return status;
  auto in_step = [&] { return log().find("in step with the API") != std::string::npos; };
  eventually([&] { return in_step() || !running(); });
  if (in_step() && running()) return {};
  return {Code::kUnavailable, "the agent is not in step with the API; its log:\n" + log()};
}

base::Result<int> AgentProcess::stop() {
  agent_->signal(SIGTERM);
  return agent_->wait(kAgentPatience);
}

std::string AgentProcess::log() const { return agent_ ? agent_->out() + agent_->err() : ""; }

std::string AgentProcess::tool(const std::vector<std::string>& argv) const {
  base::Result<std::string> output = node_.check(argv);
  return output.ok() ? *output : output.status().message();
}

std::string AgentProcess::ipvs() const { return sorted_lines(tool({"ipvsadm", "-Sn"})); }

std::string AgentProcess::everything() const {
  std::string text = ipvs() + sorted_lines(tool({"ip", "-o", "addr", "show", "dev", "kube-ipvs0"}));
  text += sorted_lines(tool({"ipset", "save"}));
  for (const char* save : {"iptables-save", "ip6tables-save"}) {
    for (const char* table : {"nat", "filter"}) text += without_counters(tool({save, "-t", table}));
  }
  return text;
}

std::optional<double> AgentProcess::metric(const std::string& name,
                                           const std::string& labels) const {
  std::istringstream stream(
      tool({"curl", "-sS", "--max-time", "20", "http://127.0.0.1:10249/metrics"}));
  std::optional<double> sum;
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with(name)) continue;
    const char next = line.size() > name.size() ? line[name.size()] : '\0';
    if ((next != '{' && next != ' ') || line.find(labels) == std::string::npos) continue;
    sum = sum.value_or(0) + std::strtod(line.c_str() + line.rfind(' '), nullptr);
  }
  return sum;
}

}  // namespace lab
