#include "tests/kernel/agent_in_lab.h"

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
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

}  // namespace

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
  std::vector<std::string> argv = before;
  argv.insert(argv.end(), {AGENT_BINARY, "--config", write_config(kubeconfig), "--state-directory",
                           state_directory(), "--socket", socket()});
  if (agent_) earlier_logs_ += log() + "--- restarted\n";
  agent_ = take(node().start(argv));
}

std::string AgentInLab::write_config(const std::string& kubeconfig) const {
  if (!config_path_.empty()) return config_path_;
  std::string path = api_->folder() + "/agent.yaml";
  std::ofstream file(path);
  file << "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
       << "mode: ipvs\nhostnameOverride: " << kNodeName << "\nclientConnection:\n  kubeconfig: "
       << (kubeconfig.empty() ? api_->kubeconfig() : kubeconfig) << "\n";
  for (const std::string& line : lines_) file << line << "\n";
  return path;
}

std::string AgentInLab::socket() const { return api_->folder() + "/agent.sock"; }

lab::Output AgentInLab::command(std::vector<std::string> words) const {
  words.insert(words.begin(), AGENT_BINARY);
  words.insert(words.end(), {"--socket", socket()});
  lab::Process process = take(node().start(words));
  base::Result<int> status = process.wait(kPatience);
  return {.status = status ? *status : -1, .out = process.out(), .err = process.err()};
}

std::string AgentInLab::state_directory() const { return api_->folder() + "/state"; }

bool AgentInLab::start() {
  launch();
  return eventually(
             [&] {
               return log().find("in step with the API") != std::string::npos || !agent_->running();
             },
             4 * kPatience) &&
         agent_->running();
}

lab::Process AgentInLab::start_beside(const std::vector<std::string>& flags) const {
  std::vector<std::string> argv = {AGENT_BINARY, "--config", write_config("")};
  argv.insert(argv.end(), flags.begin(), flags.end());
  return take(node().start(argv));
}

int AgentInLab::clean_up() {
  if (agent_) earlier_logs_ += log() + "--- clean-up\n";
  agent_ =
      take(node().start({AGENT_BINARY, "--config", api_->folder() + "/agent.yaml", "--cleanup"}));
  return wait_for_end();
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

}  // namespace kernel_test
