#include "agent/own_node_ports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "agent/node_port_journal.h"

namespace agent {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

base::IpAddress ip(const char* text) { return *base::IpAddress::parse(text); }

ipvs::VirtualServerKey tcp(const char* address, base::Port port) {
  return {.address = ip(address), .port = port, .protocol = base::Protocol::kTcp};
}

// Two virtual servers for node ports and a cluster IP are wanted.
class OwnNodePortsTest : public testing::Test {
 protected:
  OwnNodePortsTest()
      : folder_(fs::path(testing::TempDir()) /
                (std::string("own-node-ports-") +
                 testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
    ServicePlan plan;
    plan.virtual_servers = {planned(kCluster, VipKind::kClusterIp),
                            planned(kOnFirst, VipKind::kNodePort),
                            planned(kOnSecond, VipKind::kNodePort)};
    (void)desired_.set_plan({"default", "web"}, std::move(plan));
  }
  ~OwnNodePortsTest() override { fs::remove_all(folder_); }

  static PlannedVirtualServer planned(const ipvs::VirtualServerKey& key, VipKind kind) {
    PlannedVirtualServer planned;
    planned.server.key = key;
    planned.kind = kind;
    return planned;
  }
  std::set<base::IpAddress> file() const { return *NodePortJournal(folder_, "boot-1").load(); }

  static inline const ipvs::VirtualServerKey kOnFirst = tcp("192.0.2.1", 30080);
  static inline const ipvs::VirtualServerKey kOnSecond = tcp("192.0.2.2", 30080);
  static inline const ipvs::VirtualServerKey kCluster = tcp("10.96.0.10", 80);

  fs::path folder_;
  DesiredHost desired_;
  NodePortJournal journal_{folder_, "boot-1"};
  OwnNodePorts ports_;
};

TEST_F(OwnNodePortsTest, WithoutAJournalNoneIsKnown) {
  EXPECT_TRUE(ports_.note(std::vector{kOnFirst}, desired_).ok());
  EXPECT_FALSE(ports_.contains(kOnFirst.address));
  EXPECT_TRUE(ports_.forget([](const auto&) { return false; }).ok());
}

TEST_F(OwnNodePortsTest, OnlyWhatIsWantedForNodePortsIsNoted) {
  ASSERT_TRUE(ports_.keep(journal_).ok());
  const ipvs::VirtualServerKey unwanted = tcp("192.0.2.3", 30080);
  ASSERT_TRUE(ports_.note(std::vector{kCluster, unwanted}, desired_).ok());
  EXPECT_FALSE(fs::exists(folder_));
  ASSERT_TRUE(ports_.note(std::vector{kCluster, unwanted, kOnFirst}, desired_).ok());
  EXPECT_TRUE(ports_.contains(kOnFirst.address));
  EXPECT_FALSE(ports_.contains(kCluster.address));
  EXPECT_FALSE(ports_.contains(unwanted.address));
  EXPECT_THAT(file(), ElementsAre(kOnFirst.address));
}

TEST_F(OwnNodePortsTest, AnAddressIsWrittenOnce) {
  ASSERT_TRUE(ports_.keep(journal_).ok());
  ASSERT_TRUE(ports_.note(std::vector{kOnFirst}, desired_).ok());
  fs::remove_all(folder_);
  ASSERT_TRUE(ports_.note(std::vector{kOnFirst}, desired_).ok());
  EXPECT_FALSE(fs::exists(folder_));
  ASSERT_TRUE(ports_.note(std::vector{kOnSecond}, desired_).ok());
  EXPECT_THAT(file(), ElementsAre(kOnFirst.address, kOnSecond.address));
}

TEST_F(OwnNodePortsTest, WhatTheJournalKnowsCountsUntilItIsNotNeeded) {
  ASSERT_TRUE(journal_.save({kOnFirst.address, ip("192.0.2.9")}).ok());
  ASSERT_TRUE(ports_.keep(journal_).ok());
  EXPECT_TRUE(ports_.contains(ip("192.0.2.9")));
  ASSERT_TRUE(ports_.forget([](const auto& one) { return one == kOnFirst.address; }).ok());
  EXPECT_TRUE(ports_.contains(kOnFirst.address));
  EXPECT_FALSE(ports_.contains(ip("192.0.2.9")));
  EXPECT_THAT(file(), ElementsAre(kOnFirst.address));
}

TEST_F(OwnNodePortsTest, AJournalThatIsNotUnderstoodIsReplacedByTheNextChange) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "node-port-addresses") << "what?\n";
  EXPECT_THAT(ports_.keep(journal_).message(),
              AllOf(HasSubstr("node-port-addresses: line 1 is not understood; virtual servers for "
                              "node ports on addresses that the node lost"),
                    EndsWith("the next change of its addresses replaces the file")));
  EXPECT_FALSE(ports_.note(std::vector{kCluster}, desired_).ok());  // nothing has changed
  EXPECT_TRUE(ports_.note(std::vector{kOnFirst}, desired_).ok());
  EXPECT_THAT(file(), ElementsAre(kOnFirst.address));
}

TEST_F(OwnNodePortsTest, WhatCannotBeWrittenIsKnownAndTriedAgain) {
  std::ofstream(folder_.string()) << "in the way";
  (void)ports_.keep(journal_);
  EXPECT_THAT(ports_.note(std::vector{kOnFirst}, desired_).message(),
              AllOf(HasSubstr("; virtual servers for node ports stay on addresses that the node "
                              "loses while no agent runs; give the agent a folder"),
                    EndsWith("(ipvsAgent.stateDirectory)")));
  EXPECT_TRUE(ports_.contains(kOnFirst.address));
  fs::remove(folder_);
  EXPECT_TRUE(ports_.note({}, desired_).ok());
  EXPECT_THAT(file(), ElementsAre(kOnFirst.address));
}

}  // namespace
}  // namespace agent
