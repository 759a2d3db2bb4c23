// Golden scenarios: a folder of cases/ holds 1.yaml, 2.yaml, ... each the whole cluster at one step
// (and, in the first of them, a KubeProxyConfiguration), and 1.txt, 2.txt, ... what the host must
// hold then. Each is played to one agent step by step. After every step a restarted agent must
// write nothing, and an agent that begins there must arrive at the same.
//
// SCENARIO_UPDATE=1 writes the expectations anew: read the difference before you commit it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "agent/host_settings.h"
#include "tests/fakes/fake_node.h"
#include "tests/scenarios/cluster_step.h"

namespace {

using fakes::FakeAgent;
using fakes::FakeNode;
using scenarios::ClusterStep;

namespace fs = std::filesystem;

// Longer than an audit period and than drains without connections last.
constexpr auto kSettling = std::chrono::seconds(40);

std::unique_ptr<FakeAgent> make_agent(FakeNode& node, const agent::Configuration& configuration) {
  agent::Machine machine{.kernel_major = 6, .kernel_minor = 1};
  return std::make_unique<FakeAgent>(node, agent::loop_options(configuration, machine, "node-1"),
                                     agent::host_options(configuration, machine));
}

std::string read_text(const fs::path& file) {
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

void check(const fs::path& file, const std::string& state) {
  if (std::getenv("SCENARIO_UPDATE") != nullptr) std::ofstream(file) << state;
  EXPECT_EQ(state, read_text(file)) << "differs from " << file;
}

// What the agent told of bad input since the last call, one line each.
std::string take_told(FakeAgent& agent) {
  std::string text;
  for (const auto& [service, problems] : agent.listener.service_problem_list) {
    for (const std::string& problem : problems) text += "told " + service + ": " + problem + "\n";
    if (problems.empty()) text += "told " + service + ": all is well again\n";
  }
  for (const std::string& rejected : agent.listener.rejected) text += "refused " + rejected + "\n";
  agent.listener.service_problem_list.clear();
  agent.listener.rejected.clear();
  return text;
}

class Scenario : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    steps_ = scenarios::read_steps(folder_);
    ASSERT_FALSE(steps_.empty());
    if (steps_.front().configuration) configuration_ = *steps_.front().configuration;
  }

  // Plays the first `count` steps to one agent; tells what it told in the last of them.
  std::string play(FakeNode& node, std::size_t count) {
    scenarios::play_host(node, steps_.front().host);
    std::unique_ptr<FakeAgent> agent = make_agent(node, configuration_);
    EXPECT_TRUE(agent->prepared.ok()) << agent->prepared.message();
    for (std::size_t i = 0; i < count; ++i) {
      (void)take_told(*agent);
      if (i > 0) {
        scenarios::play_host(node, steps_[i].host);
        agent->loop.addresses_changed();
      }
      scenarios::deliver(*agent, i == 0 ? nullptr : &steps_[i - 1], steps_[i]);
      if (i == 0) agent->sync();
      agent->run();
      agent->run_for(kSettling);
    }
    return take_told(*agent);
  }

  // A new agent on this host, which is told the step's cluster at once.
  std::vector<std::string> start(FakeNode& node, std::size_t step) {
    node.take_log();
    std::unique_ptr<FakeAgent> agent = make_agent(node, configuration_);
    scenarios::deliver(*agent, nullptr, steps_[step]);
    agent->sync();
    agent->run();
    return node.take_log();
  }

  const fs::path folder_ = fs::path(SCENARIO_CASES) / GetParam();
  std::vector<ClusterStep> steps_;
  agent::Configuration configuration_;
};

TEST_P(Scenario, HoldsStepByStepAndOverARestart) {
  bool with_rules = fs::exists(folder_ / "with-rules");
  for (std::size_t count = 1; count <= steps_.size(); ++count) {
    SCOPED_TRACE("step " + std::to_string(count));
    FakeNode node;
    std::string told = play(node, count);
    std::string held = with_rules ? node.state_text() : node.ipvs_and_sets_text();
    check(folder_ / (std::to_string(count) + ".txt"), held + told);

    std::vector<std::string> written = start(node, count - 1);
    // On a host without any virtual server the scheduler is tried once, on an address of nobody.
    std::erase_if(written, [&](const std::string& line) {
      return node.ipvs.read()->virtual_servers.empty() &&
             line.find(" -t 198.51.100.0:20000") != line.npos;
    });
    EXPECT_THAT(written, testing::IsEmpty()) << "a restarted agent wrote";

    FakeNode fresh;
    for (std::size_t i = 0; i < count; ++i) {
      // What others write to an agent's virtual servers needs that agent.
      if (i == 0 || steps_[i].host.ipvs.empty()) scenarios::play_host(fresh, steps_[i].host);
    }
    (void)start(fresh, count - 1);
    EXPECT_EQ(fresh.ipvs_and_sets_text(), node.ipvs_and_sets_text()) << "from nothing";
    EXPECT_EQ(fresh.state_text() == node.state_text(), true) << "from nothing, rules differ";
  }
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(SCENARIO_CASES)) {
    if (entry.is_directory()) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Cases, Scenario, testing::ValuesIn(case_names()), [](const auto& param) {
  std::string name = param.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
