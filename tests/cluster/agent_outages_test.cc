// The real API server goes away, forgets the past, falls silent; the real agent goes on.

#include <gtest/gtest.h>

#include "tests/cluster/agent_cluster_fixture.h"

namespace cluster {
namespace {

using base::IpAddress;
using AgentOutages = AgentClusterTest;

TEST_F(AgentOutages, AKilledApiServerStopsNoTrafficAndLosesNoChange) {
  const IpAddress web = serve_ready("web");
  auto held = connect(web, "pod-0");
  const std::string before = agent().everything();
  const double deleted = deletions();
  ok(plane().kill(Part::kApiServer));
  EXPECT_TRUE(eventually([&] { return agent().metric("ipvs_agent_source_connected") == 0; }));
  EXPECT_EQ(ask(web, 4).at("pod-0"), 4);
  expect_alive(held);
  EXPECT_EQ(agent().everything(), before);

  // At once, most likely before any client is back.
  ok(plane().start(Part::kApiServer));
  add_pod("remote-0");
  const IpAddress more = serve({.name = "more", .selector = kWeb}).at(0);
  EXPECT_TRUE(eventually([&] { return takes(web, "remote-0") && takes(more, "remote-0"); }));
  EXPECT_EQ(deletions(), deleted) << agent().log();
  expect_alive(held);
  EXPECT_EQ(ask(web, 4).size(), 2u);
}

TEST_F(AgentOutages, ACompactionWhileItIsCutOffCostsAListAndNoChange) {
  const IpAddress kept = serve_ready("kept");
  const IpAddress gone = serve({.name = "gone", .selector = kWeb}).at(0);
  add_pod("remote-0");
  ASSERT_TRUE(eventually([&] { return takes(gone, "remote-0") && takes(kept, "remote-0"); }));
  auto held = connect(kept, "pod-0");
  const double lists = agent().metric(kLists, "services").value_or(0);

  tunnel().refuse(true);
  tunnel().cut();
  ok(api().remove(services() + "/gone").status());
  ok(api().remove(pods() + "/remote-0?gracePeriodSeconds=0").status());
  const IpAddress made = serve({.name = "made", .selector = kWeb}).at(0);
  ok(plane().compact().status());
  ok(plane().restart(Part::kApiServer));  // its watch cache still knew the past
  EXPECT_TRUE(takes(gone, "pod-0")) << "nothing is removed while nothing is known";
  tunnel().refuse(false);

  EXPECT_TRUE(eventually([&] { return takes(made, "pod-0"); }));
  EXPECT_TRUE(eventually([&] { return !is_in_kernel(gone) && !takes(kept, "remote-0"); }));
  EXPECT_GT(agent().metric(kLists, "services").value_or(0), lists);
  EXPECT_TRUE(takes(kept, "pod-0"));
  expect_alive(held);
}

TEST_F(AgentOutages, ASilentApiServerIsWaitedFor) {
  const IpAddress web = serve_ready("web");
  const std::string before = agent().everything();
  ok(plane().pause(Part::kApiServer));
  EXPECT_EQ(ask(web, 4).at("pod-0"), 4);
  EXPECT_EQ(agent().everything(), before);
  ok(plane().resume(Part::kApiServer));
  expect_to_follow("resumed");

  // The network is silent, and the world goes on meanwhile.
  tunnel().freeze(true);
  add_pod("remote-0");
  EXPECT_EQ(ask(web, 4).at("pod-0"), 4);
  tunnel().freeze(false);
  EXPECT_TRUE(eventually([&] { return takes(web, "remote-0"); }));
}

}  // namespace
}  // namespace cluster
