// One kernel table that refuses everything holds up none of the others.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <string>

#include "ipvs/text.h"
#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

using fakes::FakeAgent;
using fakes::FakeNode;

struct FailingTable {
  const char* name;
  std::function<fakes::FaultPlan&(FakeNode&)> plan;
};

class FailingTables : public testing::TestWithParam<FailingTable> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(agent_.prepared.ok());
    GetParam().plan(node_).fail_all_operations({.error_number = ENOMEM});
    agent_.put(fakes::make_service("web", "10.96.0.10", {{"", base::Protocol::kTcp, 80, 0}}));
    agent_.put(
        fakes::make_slice("web", "web-1", {{"", base::Protocol::kTcp, 8080}}, {"10.244.1.1"}));
    agent_.sync();
    agent_.run();
  }
  bool fails(const char* name) const { return std::string(name) == GetParam().name; }

  FakeNode node_;
  FakeAgent agent_{node_};
};

TEST_P(FailingTables, HoldNoOtherTableUp) {
  bool served = !fails("ipvs");
  EXPECT_EQ(
      ipvs::to_text(*node_.ipvs.read()),
      served ? "-A -t 10.96.0.10:80 -s rr\n-a -t 10.96.0.10:80 -r 10.244.1.1:8080 -m -w 1\n" : "");
  // An address without a service stays away.
  EXPECT_EQ(node_.addresses.read()->bound.size(), served && !fails("addresses") ? 1u : 0u);
  bool listed = !fails("ipsets");
  EXPECT_EQ(node_.ipsets.sets().at("KUBE-CLUSTER-IP").entries.size(), listed ? 1u : 0u);
  EXPECT_EQ(node_.iptables.chains(base::Family::kIpv4, "nat").contains("KUBE-SERVICES"),
            !fails("iptables"));
  EXPECT_GT(agent_.host.retries().size(), 0u);
}

TEST_P(FailingTables, CatchUpWhenTheyWorkAgain) {
  agent_.run_for(std::chrono::minutes(2));
  GetParam().plan(node_).stop();
  agent_.run_for(std::chrono::minutes(10), std::chrono::seconds(5));
  EXPECT_EQ(agent_.host.retries().size(), 0u);
  FakeNode other;
  FakeAgent untroubled(other);
  untroubled.put(fakes::make_service("web", "10.96.0.10", {{"", base::Protocol::kTcp, 80, 0}}));
  untroubled.put(
      fakes::make_slice("web", "web-1", {{"", base::Protocol::kTcp, 8080}}, {"10.244.1.1"}));
  untroubled.sync();
  untroubled.run();
  EXPECT_EQ(node_.state_text(), other.state_text());
}

INSTANTIATE_TEST_SUITE_P(
    Each, FailingTables,
    testing::Values(
        FailingTable{"ipvs", [](FakeNode& node) -> auto& { return node.ipvs_faults;
}  // namespace
}  // namespace agent
, FailingTable{"addresses", [](FakeNode& node) -> auto& {return node.address_faults;
}
}
, FailingTable{"ipsets", [](FakeNode& node) -> auto& {return node.ipset_faults;
}
}
, FailingTable{"iptables", [](FakeNode& node) -> auto& {return node.iptables_faults;
}
}),
    [](const auto& param) {
  return std::string(param.param.name); });

TEST(ColdStart, TheApiAndDnsAreReachableBeforeAnythingElse) {
  FakeNode node;
  FakeAgent agent(node);
  for (int i = 1; i <= 50; ++i) {
    agent.put(fakes::make_service("a" + std::to_string(i), "10.96.1." + std::to_string(i),
                                  {{"", base::Protocol::kTcp, 80, 0}}));
  }
  agent.put(fakes::make_service("kubernetes", "10.96.9.1", {{"", base::Protocol::kTcp, 443, 0}}));
  watchers::Service dns =
      fakes::make_service("kube-dns", "10.96.9.10", {{"", base::Protocol::kUdp, 53, 0}});
  dns.key.space = "kube-system";
  agent.put(dns);
  node.take_log();
  agent.sync();
  agent.run();
  ASSERT_GT(node.addresses.log().size(), 2u);
  EXPECT_EQ(node.ipvs.log()[0], "-A -t 10.96.9.1:443 -s rr");
  EXPECT_EQ(node.ipvs.log()[1], "-A -u 10.96.9.10:53 -s rr");
  EXPECT_EQ(node.addresses.log()[0], "addr add 10.96.9.1/32 dev kube-ipvs0");
  EXPECT_EQ(node.addresses.log()[1], "addr add 10.96.9.10/32 dev kube-ipvs0");
  // Each round is whole: the first one ended before the second began.
  ASSERT_GE(agent.listener.rounds.size(), 3u);
  EXPECT_EQ(agent.listener.rounds[0].report.lines.back(),
            "ip addr add 10.96.9.1/32 dev kube-ipvs0");
}

}  // namespace
}  // namespace agent
