// The real agent and real packets, on a real API server and the real EndpointSlice controller.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cluster/agent_cluster_fixture.h"

namespace cluster {
namespace {

using base::Family;
using base::IpAddress;
using base::Protocol;
using lab::Target;

constexpr char kProxyNameLabel[] = "service.kubernetes.io/service-proxy-name";

TEST_F(AgentClusterTest, PodsOfTheRealControllerAreServedOverEveryProtocolAndFamily) {
  const std::vector<IpAddress> addresses =
      serve({.name = "web",
             .selector = kWeb,
             .ports = {{.name = "tcp", .protocol = Protocol::kTcp},
                       {.name = "udp", .protocol = Protocol::kUdp},
                       {.name = "sctp", .protocol = Protocol::kSctp}},
             .ip_family_policy = "RequireDualStack"});
  ASSERT_EQ(addresses.size(), 2u);
  add_pod("pod-0");
  add_pod("remote-0");
  for (const IpAddress& address : addresses) {
    ASSERT_TRUE(eventually(
        [&] { return shares(address, "pod-0") == 3 && shares(address, "remote-0") == 3; }));
    for (Protocol protocol : {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp}) {
      SCOPED_TRACE(to_string(Target{protocol, address, 80}));
      EXPECT_THAT(
          ask(address, 4, protocol),
          testing::UnorderedElementsAre(testing::Pair("pod-0", 2), testing::Pair("remote-0", 2)));
    }
  }
  ok(api().remove(services() + "/web").status());
  for (const IpAddress& address : addresses) {
    EXPECT_TRUE(eventually([&] { return !is_in_kernel(address); })) << agent().everything();
  }
}

TEST_F(AgentClusterTest, ReadinessAndDeletionOfPodsMoveNewConnectionsOnly) {
  const IpAddress web = serve_ready("web");
  add_pod("remote-0");
  ASSERT_TRUE(eventually([&] { return takes(web, "remote-0"); }));
  auto held = connect(web, "remote-0");

  set_ready("remote-0", false);
  ASSERT_TRUE(eventually([&] { return !takes(web, "remote-0"); }));
  EXPECT_THAT(ask(web, 4), testing::ElementsAre(testing::Pair("pod-0", 4)));
  expect_alive(held);
  set_ready("remote-0", true);
  ASSERT_TRUE(eventually([&] { return takes(web, "remote-0"); }));
  EXPECT_EQ(ask(web, 4).size(), 2u);

  // Without a kubelet a deleted Pod stays in its grace time: terminating, still in the slice.
  ok(api().remove(pods() + "/remote-0").status());
  ASSERT_TRUE(eventually([&] { return !takes(web, "remote-0"); }));
  expect_alive(held);
  ok(api().remove(pods() + "/remote-0?gracePeriodSeconds=0").status());
  ok(api().await("/apis/discovery.k8s.io/v1/namespaces/" + space() + "/endpointslices",
                 [](auto line) {
                   return line.find("\"endpoints\":") != std::string_view::npos &&
                          line.find(AgentCluster::address("remote-0", Family::kIpv4).to_string()) ==
                              std::string_view::npos;
                 }));
  expect_to_follow("after");  // so the agent has seen the deletion as well
  EXPECT_THAT(ask(web, 4), testing::ElementsAre(testing::Pair("pod-0", 4)));
  expect_alive(held);
}

TEST_F(AgentClusterTest, HeadlessServicesAndThoseOfOtherProxiesAreLeftAlone) {
  const IpAddress web = serve_ready("web");
  const IpAddress other =
      serve({.name = "other", .labels = {{kProxyNameLabel, "mesh"}}, .selector = kWeb}).at(0);
  serve({.name = "headless", .selector = kWeb, .cluster_ip = "None"});
  const double known = agent().metric("ipvs_agent_services").value_or(-1);
  expect_to_follow("after");
  EXPECT_FALSE(is_in_kernel(other));
  EXPECT_TRUE(eventually([&] { return agent().metric("ipvs_agent_services") == known + 1; }))
      << "the server's selectors keep the two out";

  // A Service can be handed to another proxy, and back.
  const std::string label = std::string("{\"metadata\":{\"labels\":{\"") + kProxyNameLabel + "\":";
  ok(api().merge_patch(services() + "/web", label + "\"mesh\"}}}").status());
  EXPECT_TRUE(eventually([&] { return !is_in_kernel(web); }));
  ok(api().merge_patch(services() + "/web", label + "null}}}").status());
  EXPECT_TRUE(eventually([&] { return takes(web, "pod-0"); }));
}

TEST_F(AgentClusterTest, ARestartedAgentWritesNothing) {
  const IpAddress web = serve_ready("web");
  auto held = connect(web, "pod-0");
  auto status = agent().stop();
  ASSERT_TRUE(status.ok()) << status.status().message();
  EXPECT_EQ(*status, 0) << agent().log();
  const std::string before = agent().everything();
  ok(agent().start());
  EXPECT_EQ(agent().everything(), before);
  EXPECT_EQ(agent().metric(kOperations).value_or(0), 0) << agent().log();
  expect_alive(held);
}

}  // namespace
}  // namespace cluster
