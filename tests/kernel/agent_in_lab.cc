#include "tests/kernel/agent_in_lab.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace kernel_test {
namespace {

template <typename Value>
Value take(base::Result<Value> result) {
  if (!result) throw std::runtime_error(result.status().message());
  return std::move(*result);
}

void require(const base::Status& status) {
  if (!status) throw std::runtime_error(status.message());
}

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
    if (line.starts_with('#')) continue;
    result += line.substr(0, line.find(" [")) + "\n";
  }
  return result;
}

}  // namespace

bool eventually(const std::function<bool()>& condition, base::Duration patience) {
  auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

AgentInLab::AgentInLab(const lab::TopologyOptions& options)
    : topology_(std::make_unique<lab::Topology>(take(lab::Topology::create(options)))),
      api_(std::make_unique<apiserver::TestApiServer>()) {
  require(node().run([&] { return api_->start(); }));
}

AgentInLab::~AgentInLab() {
  agent_.reset();
  api_->stop();
}

void AgentInLab::put(const nlohmann::json& object) { take(api_->put(object)); }

void AgentInLab::erase(const std::string& kind, const std::string& name) {
  require(api_->erase(kind, "default", name));
}

void AgentInLab::api_leaves() {
  api_->listener().refuse();
  api_->listener().abort_all(apiserver::Connection::Abort::kReset);
}

void AgentInLab::api_returns() {
  require(node().run([&] { return api_->listener().accept_again(); }));
}

void AgentInLab::launch(const std::vector<std::string>& before, const std::string& kubeconfig) {
  std::string path = api_->folder() + "/agent.yaml";
  std::ofstream file(path);
  file << "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
       << "mode: ipvs\nhostnameOverride: " << kNodeName << "\nclientConnection:\n  kubeconfig: "
       << (kubeconfig.empty() ? api_->kubeconfig() : kubeconfig) << "\n";
  for (const std::string& line : lines_) file << line << "\n";
  file.close();
  std::vector<std::string> argv = before;
  argv.insert(argv.end(), {AGENT_BINARY, "--config", path});
  if (agent_) earlier_logs_ += log() + "--- restarted\n";
  agent_ = take(node().start(argv));
}

bool AgentInLab::start() {
  launch();
  return eventually([&] {
           return log().find("in step with the API") != std::string::npos || !agent_->running();
         }) &&
         agent_->running();
}

int AgentInLab::stop(int signal_number) {
  agent_->signal(signal_number);
  return wait_for_end();
}

int AgentInLab::wait_for_end() {
  base::Result<int> status = agent_->wait(kPatience);
  return status ? *status : -1;
}

std::string AgentInLab::log() const { return agent_ ? agent_->out() + agent_->err() : ""; }

std::string AgentInLab::tool(const std::vector<std::string>& argv) const {
  return take(node().check(argv));
}

std::string AgentInLab::ipvs() const { return sorted_lines(tool({"ipvsadm", "-Sn"})); }

std::string AgentInLab::addresses() const {
  base::Result<lab::Output> output =
      node().execute({"ip", "-o", "addr", "show", "dev", "kube-ipvs0"});
  return output && output->ok() ? sorted_lines(output->out) : "";
}

std::string AgentInLab::sets() const { return sorted_lines(tool({"ipset", "save"})); }

std::string AgentInLab::rules(base::Family family) const {
  std::string name = family == base::Family::kIpv4 ? "iptables" : "ip6tables";
  std::string text;
  for (const char* table : {"nat", "filter"}) {
    text += tool({name + iptables_suffix_ + "-save", "-t", table});
  }
  return without_counters(text);
}

std::string AgentInLab::everything() const {
  return ipvs() + addresses() + sets() + rules(base::Family::kIpv4) + rules(base::Family::kIpv6);
}

std::string AgentInLab::metrics() const {
  base::Result<lab::Output> output =
      node().execute({"curl", "-sS", "--max-time", "20", "http://127.0.0.1:10249/metrics"});
  return output ? output->out : "";
}

std::optional<double> AgentInLab::metric(const std::string& name, const std::string& labels) const {
  std::istringstream stream(metrics());
  std::optional<double> sum;
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with(name)) continue;
    char next = line.size() > name.size() ? line[name.size()] : '\0';
    if ((next != '{' && next != ' ') || line.find(labels) == std::string::npos) continue;
    sum = sum.value_or(0) + std::strtod(line.c_str() + line.rfind(' '), nullptr);
  }
  return sum;
}

}  // namespace kernel_test
