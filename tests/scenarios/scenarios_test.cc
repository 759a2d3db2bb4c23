// Golden scenarios: a folder of cases/ holds 1.yaml, 2.yaml, ... each the whole cluster at one step
// (and, in any of them, a KubeProxyConfiguration), and 1.txt, 2.txt, ... what the host must hold
// then. Each is played to one agent step by step; after the last step a restarted agent must write
// nothing, and an agent that begins there must arrive at the same.
//
// SCENARIO_UPDATE=1 writes the expectations anew: read the difference before you commit it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "agent/config_file.h"
#include "agent/host_settings.h"
#include "tests/apiserver/manifests.h"
#include "tests/fakes/fake_node.h"
#include "watchers/json_decoder.h"

namespace {

using fakes::FakeAgent;
using fakes::FakeNode;
using nlohmann::json;
using watchers::Kind;
using watchers::Resource;

namespace fs = std::filesystem;

// One step of a case: what the API holds.
struct Cluster {
  std::vector<watchers::DecodedObject> services;
  std::vector<watchers::DecodedObject> slices;
  std::vector<watchers::DecodedObject> nodes;
  agent::Configuration configuration;
};

class Collector final : public watchers::DecodedSink {
 public:
  explicit Collector(std::vector<watchers::DecodedObject>& items) : items_(items) {}
  void on_item(watchers::DecodedObject item) override { items_.push_back(std::move(item)); }
  void on_envelope(watchers::ListEnvelope) override {}
  void on_event(watchers::WatchEvent) override {}

 private:
  std::vector<watchers::DecodedObject>& items_;
};

void decode(Resource resource, const std::vector<json>& objects,
            std::vector<watchers::DecodedObject>& items) {
  json list = {{"kind", "List"}, {"metadata", {{"resourceVersion", "1"}}}, {"items", objects}};
  watchers::JsonDecoder decoder(resource);
  Collector collector(items);
  auto body = decoder.list(collector);
  ASSERT_TRUE(body->feed(list.dump()).ok());
  ASSERT_TRUE(body->finish().ok());
}

Cluster read_cluster(const fs::path& file) {
  std::vector<json> services;
  std::vector<json> slices;
  std::vector<json> nodes;
  Cluster cluster;
  for (json& object : apiserver::read_manifest(file.string())) {
    std::string kind = object.at("kind");
    if (kind == "Service") services.push_back(std::move(object));
    if (kind == "EndpointSlice") slices.push_back(std::move(object));
    if (kind == "Node") nodes.push_back(std::move(object));
    if (kind == "KubeProxyConfiguration") {
      auto loaded = agent::parse_config(object.dump(), file.string());
      EXPECT_TRUE(loaded.ok()) << loaded.status().message();
      if (loaded.ok()) cluster.configuration = loaded->configuration;
    }
  }
  decode(Resource::kServices, services, cluster.services);
  decode(Resource::kEndpointSlices, slices, cluster.slices);
  decode(Resource::kNodes, nodes, cluster.nodes);
  return cluster;
}

// Delivers what differs from the step before.
void deliver(FakeAgent& agent, const Cluster* before, const Cluster& now) {
  auto deliver_kind = [&](Kind kind, const std::vector<watchers::DecodedObject>* old,
                          const std::vector<watchers::DecodedObject>& objects) {
    for (const watchers::DecodedObject& object : objects) {
      watchers::deliver(agent.mailbox, {kind, object.key},
                        {.news = object.news, .received = agent.node.clock.now()});
    }
    if (old == nullptr) return;
    for (const watchers::DecodedObject& object : *old) {
      bool stays = std::any_of(objects.begin(), objects.end(),
                               [&](const auto& other) { return other.key == object.key; });
      if (!stays) agent.remove(kind, object.key);
    }
  };
  deliver_kind(Kind::kService, before ? &before->services : nullptr, now.services);
  deliver_kind(Kind::kEndpointSlice, before ? &before->slices : nullptr, now.slices);
  deliver_kind(Kind::kNode, before ? &before->nodes : nullptr, now.nodes);
}

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

class Scenario : public testing::TestWithParam<std::string> {};

TEST_P(Scenario, HoldsStepByStepAndOverARestart) {
  fs::path folder = fs::path(SCENARIO_CASES) / GetParam();
  std::vector<Cluster> steps;
  for (int i = 1; fs::exists(folder / (std::to_string(i) + ".yaml")); ++i) {
    steps.push_back(read_cluster(folder / (std::to_string(i) + ".yaml")));
  }
  ASSERT_FALSE(steps.empty());
  const agent::Configuration& configuration = steps.front().configuration;
  bool with_rules = fs::exists(folder / "with-rules");

  FakeNode node;
  std::unique_ptr<FakeAgent> agent = make_agent(node, configuration);
  ASSERT_TRUE(agent->prepared.ok()) << agent->prepared.message();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    deliver(*agent, i == 0 ? nullptr : &steps[i - 1], steps[i]);
    if (i == 0) agent->sync();
    agent->run();
    agent->run_for(std::chrono::seconds(5));  // drains without connections end
    check(folder / (std::to_string(i + 1) + ".txt"),
          with_rules ? node.state_text() : node.ipvs_and_sets_text());
  }

  node.take_log();
  agent = make_agent(node, configuration);
  deliver(*agent, nullptr, steps.back());
  agent->sync();
  agent->run();
  std::vector<std::string> written = node.take_log();
  // On a host without any virtual server the scheduler is tried once, on an address of nobody.
  std::erase_if(written, [&](const std::string& line) {
    return node.ipvs.read()->virtual_servers.empty() && line.ends_with("198.51.100.0:20000 -s rr");
  });
  std::erase(written, "-D -t 198.51.100.0:20000");
  EXPECT_THAT(written, testing::IsEmpty()) << "a restarted agent wrote";

  FakeNode fresh;
  agent = make_agent(fresh, configuration);
  deliver(*agent, nullptr, steps.back());
  agent->sync();
  agent->run();
  EXPECT_EQ(fresh.state_text() == node.state_text(), true) << "from nothing:\n"
                                                           << fresh.ipvs_and_sets_text();
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
