// ClusterIP Services, from objects in the API to packets at the servers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/kernel/agent_fixture.h"

namespace kernel_test {
namespace {

using base::Family;
using base::IpAddress;
using base::Protocol;
using lab::Target;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr char kClusterCidr[] = "clusterCIDR: 10.244.0.0/16,fd00:10:244::/48";

std::vector<ServicePort> every_protocol() {
  return {{Protocol::kTcp, 80, kServerPort, "tcp"},
          {Protocol::kUdp, 80, kServerPort, "udp"},
          {Protocol::kSctp, 80, kServerPort, "sctp"},
          {Protocol::kTcp, 443, kSecondServerPort, "second"}};
}

IpAddress web(Family family) { return ip(family == Family::kIpv4 ? "10.96.0.10" : "fd00:96::10"); }

class AgentPackets : public AgentTest {
 protected:
  // Whom the server saw the request come from.
  IpAddress seen(const lab::Namespace& from, const Target& to) {
    auto reply = lab::request(from, to);
    EXPECT_TRUE(reply.ok()) << to_string(to) << ": " << reply.status().message();
    return reply ? reply->peer : IpAddress();
  }
  // What a bridge of a CNI plugin is: the node's ports to its pods, and the way to them.
  void put_pods_on_a_bridge(const std::string& bridge) {
    lab().tool({"ip", "link", "add", bridge, "type", "bridge"});
    lab().tool({"ip", "link", "set", bridge, "up"});
    lab().tool({"ip", "address", "add", "10.244.1.1/32", "dev", bridge});
    lab().tool({"ip", "address", "add", "fe80::1/64", "dev", bridge, "nodad"});
    for (std::size_t pod = 0; pod < 2; ++pod) {
      const std::string port = "pod" + std::to_string(pod);
      lab().tool({"ip", "address", "flush", "dev", port});
      lab().tool({"ip", "link", "set", port, "master", bridge});
      // Where br_netfilter is loaded, the bridge itself leads a pod's answer to itself back.
      lab().tool({"ip", "link", "set", port, "type", "bridge_slave", "hairpin", "on"});
      for (Family family : kFamilies) {
        lab().tool({"ip", "route", "replace",
                    base::IpPrefix(lab::Topology::pod_address(pod, family)).to_string(), "dev",
                    bridge});
      }
    }
  }
  // The errno with which a request fails; 0 when it is answered.
  int refusal(const lab::Namespace& from, const Target& to) {
    auto reply = lab::request(from, to, {.timeout = std::chrono::seconds(4)});
    return reply ? 0 : reply.status().error_number();
  }
};

TEST_F(AgentPackets, ReachTheReadyEndpointsOfADualStackService) {
  serve("web", {web(Family::kIpv4), web(Family::kIpv6)}, every_protocol(), {"pod-0", "remote-0"});
  // A second slice, with an endpoint that is not ready.
  for (Family family : kFamilies) {
    Endpoint unready = endpoint("remote-1", family);
    unready.ready = false;
    lab().put(make_slice("web", family == Family::kIpv4 ? "more4" : "more6", every_protocol(),
                         {endpoint("pod-1", family), unready}));
  }
  lab().put(make_service("idle", {ip("10.96.0.20"), ip("fd00:96::20")}, every_protocol()));
  lab().configure({kClusterCidr});
  ASSERT_TRUE(lab().start());

  for (Family family : kFamilies) {
    for (const ServicePort& port : every_protocol()) {
      Target to{port.protocol, web(family), port.port};
      SCOPED_TRACE(to_string(to));
      // Round robin: nine requests are three for each of three.
      auto answers = lab::spread(network().client(0), to, 9);
      ASSERT_TRUE(answers.ok()) << answers.status().message();
      EXPECT_THAT(*answers,
                  UnorderedElementsAre(Pair("pod-0", 3), Pair("pod-1", 3), Pair("remote-0", 3)));
      auto from_pod = lab::spread(network().pod(0), to, 3);
      ASSERT_TRUE(from_pod.ok()) << from_pod.status().message();
      EXPECT_EQ(from_pod->size(), 3u);
      auto from_node = lab::spread(lab().node(), to, 3);
      ASSERT_TRUE(from_node.ok()) << from_node.status().message();
      EXPECT_EQ(from_node->size(), 3u);
      Target idle{port.protocol, family == Family::kIpv4 ? ip("10.96.0.20") : ip("fd00:96::20"),
                  port.port};
      // The kernel answers with ICMP, which SCTP ignores, and of which it sends only so many.
      if (port.protocol == Protocol::kSctp) continue;
      EXPECT_TRUE(eventually([&] { return refusal(network().client(0), idle) == ECONNREFUSED; }));
      EXPECT_TRUE(eventually([&] { return refusal(network().pod(0), idle) == ECONNREFUSED; }));
    }
  }
  EXPECT_EQ(server("remote-1").requests(), 0u);

  // It becomes ready, and then has a share.
  for (Family family : kFamilies) {
    lab().put(make_slice("web", family == Family::kIpv4 ? "more4" : "more6", every_protocol(),
                         {endpoint("pod-1", family), endpoint("remote-1", family)}));
  }
  ASSERT_TRUE(in_kernel("-r 10.244.12.2:8080 -m -w 1"));
  auto answers = lab::spread(network().client(1), {Protocol::kTcp, web(Family::kIpv4), 80}, 8);
  ASSERT_TRUE(answers.ok()) << answers.status().message();
  EXPECT_EQ(answers->size(), 4u);

  // The Service leaves, and with it everything of it.
  lab().erase("Service", "web");
  lab().erase("Service", "idle");
  EXPECT_TRUE(eventually([&] {
    return lab().ipvs().empty() && lab().addresses().find("10.96.0") == std::string::npos &&
           lab().addresses().find("fd00:96") == std::string::npos;
  }));
  EXPECT_THAT(lab().sets(), Not(HasSubstr("10.96.0.10")));
}

TEST_F(AgentPackets, CarryTheSourceAddressThatTheConfigurationAsksFor) {
  serve("web", {web(Family::kIpv4), web(Family::kIpv6)}, every_protocol(), {"remote-0"});
  IpAddress own4 = ip("10.96.0.30");
  IpAddress own6 = ip("fd00:96::30");
  serve("own", {own4, own6}, every_protocol(), {"pod-0"});
  auto check = [&](bool outside_kept, bool pod_kept) {
    for (Family family : kFamilies) {
      for (Protocol protocol : {Protocol::kTcp, Protocol::kUdp}) {
        Target to{protocol, web(family), 80};
        SCOPED_TRACE(to_string(to));
        IpAddress node = lab::Topology::node_inside_address(family);
        EXPECT_EQ(seen(network().client(0), to),
                  outside_kept ? lab::Topology::client_address(0, family) : node);
        EXPECT_EQ(seen(network().pod(1), to),
                  pod_kept ? lab::Topology::pod_address(1, family) : node);
        EXPECT_EQ(seen(lab().node(), to), node);
        // A pod that reaches itself must not see its own address.
        Target own{protocol, family == Family::kIpv4 ? own4 : own6, 80};
        EXPECT_NE(seen(network().pod(0), own), lab::Topology::pod_address(0, family));
      }
    }
  };
  {
    SCOPED_TRACE("cluster CIDR");
    lab().configure({kClusterCidr});
    ASSERT_TRUE(lab().start());
    check(false, true);
    // Ports of the node itself must not be reached through the address of a Service.
    auto host = lab::EchoServer::start(
        lab().node(), "host",
        {{Protocol::kTcp, ip("0.0.0.0"), 9999}, {Protocol::kTcp, ip("::"), 9999}});
    ASSERT_TRUE(host.ok()) << host.status().message();
    for (Family family : kFamilies) {
      Target direct{Protocol::kTcp, lab::Topology::node_address(family), 9999};
      EXPECT_EQ(refusal(network().client(0), direct), 0);
      Target through{Protocol::kTcp, web(family), 9999};
      EXPECT_EQ(refusal(network().client(0), through), ECONNREFUSED);
      EXPECT_EQ(refusal(network().pod(0), through), ECONNREFUSED);
    }
    EXPECT_EQ(lab().stop(), 0);
  }
  {
    SCOPED_TRACE("masqueradeAll");
    lab().configure({kClusterCidr, "iptables: {masqueradeAll: true}"});
    ASSERT_TRUE(lab().start());
    check(false, false);
    EXPECT_EQ(lab().stop(), 0);
  }
  {
    SCOPED_TRACE("no cluster CIDR");
    lab().configure({});
    ASSERT_TRUE(lab().start());
    check(true, true);
    EXPECT_EQ(lab().stop(), 0);
  }
  {
    SCOPED_TRACE("the bridge of the pods");
    put_pods_on_a_bridge("cbr0");
    lab().configure({"detectLocalMode: BridgeInterface", "detectLocal: {bridgeInterface: cbr0}"});
    ASSERT_TRUE(lab().start());
    check(false, true);
    EXPECT_EQ(lab().stop(), 0);
  }
}

TEST_F(AgentPackets, FollowSessionAffinityAndTheConfiguredScheduler) {
  nlohmann::json sticky = make_service("sticky", {web(Family::kIpv4), web(Family::kIpv6)},
                                       {{Protocol::kTcp, 80, kServerPort}});
  sticky["spec"]["sessionAffinity"] = "ClientIP";
  sticky["spec"]["sessionAffinityConfig"] = {{"clientIP", {{"timeoutSeconds", 120}}}};
  serve("sticky", {web(Family::kIpv4), web(Family::kIpv6)}, {{Protocol::kTcp, 80, kServerPort}},
        {"pod-0", "pod-1", "remote-0", "remote-1"});
  lab().put(sticky);
  lab().configure({"ipvs: {scheduler: lc}"});
  ASSERT_TRUE(lab().start());
  EXPECT_THAT(lab().ipvs(), HasSubstr("-A -t 10.96.0.10:80 -s lc -p 120\n"));
  EXPECT_THAT(lab().ipvs(), HasSubstr("-A -t [fd00:96::10]:80 -s lc -p 120"));
  for (Family family : kFamilies) {
    auto answers = lab::spread(network().client(0), {Protocol::kTcp, web(family), 80}, 6);
    ASSERT_TRUE(answers.ok()) << answers.status().message();
    EXPECT_EQ(answers->size(), 1u);
  }
  // Turned off again while it runs: requests go to several servers.
  sticky["spec"]["sessionAffinity"] = "None";
  sticky["spec"].erase("sessionAffinityConfig");
  lab().put(sticky);
  ASSERT_TRUE(in_kernel("-A -t 10.96.0.10:80 -s lc\n"));
  EXPECT_EQ(lab().stop(), 0);

  lab().configure({"ipvs: {scheduler: sh}"});
  ASSERT_TRUE(lab().start());
  EXPECT_THAT(lab().ipvs(), HasSubstr("-A -t 10.96.0.10:80 -s sh"));
  auto answers = lab::spread(network().client(1), {Protocol::kTcp, web(Family::kIpv4), 80}, 6);
  ASSERT_TRUE(answers.ok()) << answers.status().message();
  EXPECT_EQ(answers->size(), 1u);
}

}  // namespace
}  // namespace kernel_test
