// What is reachable first on a node that begins with nothing.

#include <gtest/gtest.h>

#include <string>

#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

using fakes::FakeAgent;
using fakes::FakeNode;

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
