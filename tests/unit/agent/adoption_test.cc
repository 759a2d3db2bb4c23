// What an agent finds at its start: when it counts as another's, and who is told.

#include "agent/adoption.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "agent/presence_record.h"
#include "ipvs/text.h"
#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

namespace fs = std::filesystem;
using fakes::FakeAgent;
using fakes::FakeNode;
using testing::HasSubstr;

class AdoptionTest : public testing::Test {
 protected:
  AdoptionTest()
      : folder_(fs::path(testing::TempDir()) /
                (std::string("adoption-") +
                 testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
  }
  ~AdoptionTest() override { fs::remove_all(folder_); }

  // Carries out what others do to the IPVS table.
  void others(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
      std::vector<ipvs::IpvsOp> ops = {*ipvs::parse_op(line)};
      ASSERT_TRUE(node_.ipvs.apply(ops).front().ok()) << line;
    }
  }
  // As kube-proxy would have it, for the Service of run(), but for one real server.
  void proxy_was_here() {
    others({"-A -t 10.96.0.10:80 -s rr", "-a -t 10.96.0.10:80 -r 10.244.1.5:8080 -m -w 1",
            "-a -t 10.96.0.10:80 -r 10.244.1.6:8080 -m -w 7"});
  }
  // What the agent would tell of a takeover when its start is over.
  std::optional<Adoption> run(bool with_record = true, const std::string& boot = "boot-1",
                              HostOptions options = FakeAgent::default_host_options()) {
    agent_.reset();
    record_ = std::make_unique<PresenceRecord>(folder_, boot);
    agent_ = std::make_unique<FakeAgent>(node_, FakeAgent::default_loop_options(), options);
    if (with_record) agent_->host.keep_presence(*record_);
    put_service(*agent_);
    agent_->sync();
    agent_->run();
    EXPECT_EQ(agent_->listener.starts, 1);
    return agent_->host.adopted();
  }
  static void put_service(FakeAgent& agent) {
    agent.put(fakes::make_service("web", "10.96.0.10", {{"", base::Protocol::kTcp, 80, 0}}));
    agent.put(fakes::make_slice("web", "web-1", {{"", base::Protocol::kTcp, 8080}},
                                {"10.244.1.5", "10.244.1.6"}));
  }

  const fs::path folder_;
  FakeNode node_;
  std::unique_ptr<PresenceRecord> record_;
  std::unique_ptr<FakeAgent> agent_;
};

TEST_F(AdoptionTest, WhatAnotherProgramLeftIsToldOnce) {
  proxy_was_here();
  EXPECT_EQ(run(), (Adoption{.found = 1, .virtual_servers = 1, .real_servers = 1}));
  EXPECT_EQ(run(), std::nullopt);
  EXPECT_EQ(run(), std::nullopt);
}

TEST_F(AdoptionTest, AnEmptyKernelIsNoTakeoverAndNeitherIsARestart) {
  EXPECT_EQ(run(), std::nullopt);
  EXPECT_EQ(run(), std::nullopt);
}

// It has made virtual servers, which the next agent finds.
TEST_F(AdoptionTest, NeitherIsTheNextStartAfterOneFromNothingThatEndedHalfWay) {
  record_ = std::make_unique<PresenceRecord>(folder_, "boot-1");
  FakeAgent half(node_);
  half.host.keep_presence(*record_);
  ASSERT_TRUE(half.host.read_all(node_.clock.now()).ok());
  proxy_was_here();
  EXPECT_EQ(run(), std::nullopt);
}

// Told once more rather than never.
TEST_F(AdoptionTest, ATakeoverThatEndedHalfWayIsToldByTheNextStart) {
  proxy_was_here();
  {
    record_ = std::make_unique<PresenceRecord>(folder_, "boot-1");
    FakeAgent half(node_);
    half.host.keep_presence(*record_);
    put_service(half);
    half.sync({watchers::Kind::kService});
    half.run();
    ASSERT_EQ(half.listener.starts, 0);
  }
  EXPECT_TRUE(run().has_value());
}

TEST_F(AdoptionTest, VirtualServersThatNobodyWantsAreNotAdopted) {
  others({"-A -t 203.0.113.9:443 -s rr"});
  EXPECT_EQ(run(), std::nullopt);
}

TEST_F(AdoptionTest, ARecordOfAnotherBootSaysNothing) {
  EXPECT_EQ(run(), std::nullopt);
  EXPECT_TRUE(run(true, "boot-2").has_value());
}

TEST_F(AdoptionTest, WithoutARecordARestartTellsOfNothing) {
  proxy_was_here();
  EXPECT_EQ(run(false), std::nullopt);
  EXPECT_EQ(run(false), std::nullopt);
}

TEST_F(AdoptionTest, AShadowAdoptsNothing) {
  proxy_was_here();
  HostOptions options = FakeAgent::default_host_options();
  options.shadow = true;
  EXPECT_EQ(run(false, "boot-1", options), std::nullopt);
}

// Given back to kube-proxy and taken again in one boot: the record is there, the addresses tell.
TEST_F(AdoptionTest, AddressesThatMayBecomeASourceTellOfKubeProxy) {
  EXPECT_EQ(run(), std::nullopt);
  node_.addresses.bind_and_lend(*base::IpAddress::parse("fd00:96::1"));
  EXPECT_EQ(run(), (Adoption{.found = 1, .virtual_servers = 1, .real_servers = 2}));
  EXPECT_EQ(run(), std::nullopt);
}

TEST_F(AdoptionTest, RulesThatKubeProxyWroteTellOfIt) {
  EXPECT_EQ(run(), std::nullopt);
  node_.iptables.chains(base::Family::kIpv4, "filter")["KUBE-IPVS-OUT-FILTER"] = {
      "-s 203.0.113.42/32 -m ipvs --vproto 6 --vaddr 203.0.113.42 --vport 80 -j DROP"};
  EXPECT_TRUE(run().has_value());
  EXPECT_EQ(run(), std::nullopt);
}

TEST_F(AdoptionTest, ARecordThatCannotBeReadClaimsNothingAndIsReplaced) {
  proxy_was_here();
  fs::create_directories(folder_);
  std::ofstream(folder_ / "in-charge") << "something else\n";
  EXPECT_EQ(run(), std::nullopt);
  EXPECT_TRUE(agent_->host.problems().empty());
  EXPECT_EQ(PresenceRecord(folder_, "boot-1").load().value(), true);
}

TEST_F(AdoptionTest, AFolderThatCannotBeMadeIsAProblem) {
  std::ofstream(folder_) << "a file where the folder should be\n";
  (void)run();
  EXPECT_THAT(agent_->host.problems().at("record of the agent's presence"),
              HasSubstr("ipvsAgent.stateDirectory"));
}

TEST_F(AdoptionTest, ACleanUpForgetsTheRecord) {
  const PresenceRecord record(folder_, "boot-1");
  EXPECT_TRUE(record.remove().ok());
  ASSERT_TRUE(record.save().ok());
  EXPECT_TRUE(record.load().value());
  EXPECT_TRUE(record.remove().ok());
  EXPECT_FALSE(record.load().value());
}

netconf::IptablesState postrouting(const std::string& hairpin, const std::string& others) {
  return {{"nat",
           "KUBE-POSTROUTING",
           {"-m set --match-set KUBE-LOOP-BACK dst,dst,src -j MASQUERADE" + hairpin,
            "-m mark ! --mark 0x4000/0x4000 -j RETURN", "-j MARK --set-xmark 0x4000/0x0",
            "-j MASQUERADE" + others}}};
}

TEST(WrittenByKubeProxy, GoesByTheHairpinRuleBesideTheOther) {
  const std::string random = " --random-fully";
  EXPECT_TRUE(written_by_kube_proxy(postrouting("", random)));
  EXPECT_FALSE(written_by_kube_proxy(postrouting(random, random)));
  EXPECT_FALSE(written_by_kube_proxy(postrouting("", "")));
  EXPECT_FALSE(written_by_kube_proxy({}));
}

}  // namespace
}  // namespace agent
