// Packets for every cell of the table, against the documented rules: with the usual way to tell
// local traffic, and with LAB_WHOLE=1 also with the others.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "tests/kernel/packet_cluster.h"
#include "tests/kernel/packet_page.h"

namespace kernel_test {
namespace {

class PacketTable : public ::testing::TestWithParam<std::tuple<Detection, From>> {
 protected:
  // One cluster for all tests, and one start of the agent for each configuration.
  static void SetUpTestSuite() { cluster_ = std::make_unique<PacketCluster>(); }
  static void TearDownTestSuite() { cluster_.reset(); }
  void SetUp() override {
    if (running_ == detection()) return;
    cluster_->start_agent(detection());
    running_ = detection();
  }
  void TearDown() override {
    if (!HasFailure()) return;
    AgentInLab& lab = cluster_->lab();
    std::cerr << "--- the agent's log\n"
              << lab.log() << "--- the kernel\n"
              << lab.ipvs() << lab.addresses() << lab.sets() << lab.rules(base::Family::kIpv4);
  }

  static Detection detection() { return std::get<0>(GetParam()); }
  static From from() { return std::get<1>(GetParam()); }

  static std::unique_ptr<PacketCluster> cluster_;
  static std::optional<Detection> running_;
};

std::unique_ptr<PacketCluster> PacketTable::cluster_;
std::optional<Detection> PacketTable::running_;

// One client at a time, so that the endpoints take turns in each cell.
TEST_P(PacketTable, IsWhatTheRulesSay) {
  const std::vector<Cell> cells = cells_from(from());
  std::vector<std::set<Outcome>> rules;
  rules.reserve(cells.size());
  for (const Cell& cell : cells) rules.push_back(expected(cell, detection()));
  auto observations = cluster_->observe(cells, rules);
  ASSERT_TRUE(observations.ok()) << observations.status().message();
  ASSERT_EQ(observations->size(), cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Observation& seen = (*observations)[i];
    if (seen.outcomes == rules[i] && !seen.unforeseen) continue;
    ADD_FAILURE() << to_string(cells[i]) << "\n  the rules: " << in_words(rules[i])
                  << "\n  the kernel: " << ::testing::PrintToString(seen.requests);
  }
  std::cout << cells.size() << " cells asked\n";
}

std::vector<Detection> detections() {
  if (std::getenv("LAB_WHOLE") == nullptr) return {Detection::kClusterCidr};  // NOLINT(*-mt-unsafe)
  return {std::begin(kDetections), std::end(kDetections)};
}

std::string test_name(const ::testing::TestParamInfo<std::tuple<Detection, From>>& test) {
  static constexpr const char* kDetectionNames[] = {"ClusterCidr", "NodeCidr", "InterfacePrefix",
                                                    "Nothing", "MasqueradeAll"};
  static constexpr const char* kClientNames[] = {"Pod", "Endpoint", "RemotePod", "Node", "Outside"};
  const auto& [detection, from] = test.param;
  return std::string(kDetectionNames[static_cast<std::size_t>(detection)]) + "From" +
         kClientNames[static_cast<std::size_t>(from)];
}

INSTANTIATE_TEST_SUITE_P(Cells, PacketTable,
                         ::testing::Combine(::testing::ValuesIn(detections()),
                                            ::testing::ValuesIn(kClients)),
                         test_name);

}  // namespace
}  // namespace kernel_test
