// What ipvs-agent does otherwise than kube-proxy, with packets:
// docs/differences-from-kube-proxy.md.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
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

constexpr char kClusterCidr[] = "clusterCIDR: 10.244.0.0/16,fd00:10:244::/48";

class AgentEdges : public AgentTest {};

TEST_F(AgentEdges, AClientWhoseHashFallsOnADrainingServerIsAnswered) {
  const std::vector<ServicePort> ports = {{Protocol::kTcp, 80, kServerPort}};
  const IpAddress vip = ip("10.96.0.10");
  serve("web", {vip}, ports, {"pod-0", "pod-1"});
  lab().configure({kClusterCidr, "ipvs: {scheduler: mh}"});
  ASSERT_TRUE(lab().start());
  EXPECT_THAT(lab().ipvs(), HasSubstr("-A -t 10.96.0.10:80 -s mh -b mh-fallback,mh-port\n"));

  // A connection that keeps pod-0 draining for as long as it is open.
  constexpr base::Port kFirst = 20000;
  constexpr int kClients = 24;
  const Target to{Protocol::kTcp, vip, 80};
  std::optional<lab::Connection> kept;
  for (base::Port port = kFirst; !kept && port < kFirst + 100; ++port) {
    auto connection = lab::Connection::open(network().client(0), to, {.source_port = port});
    ASSERT_TRUE(connection.ok()) << connection.status().message();
    auto reply = connection->ask();
    ASSERT_TRUE(reply.ok()) << reply.status().message();
    if (reply->server == "pod-0") kept.emplace(std::move(*connection));
  }
  ASSERT_TRUE(kept) << "no client's hash falls on pod-0";
  lab().put(make_slice("web", "v4", ports, {endpoint("pod-1")}));
  ASSERT_TRUE(in_kernel("-a -t 10.96.0.10:80 -r 10.244.1.11:8080 -m -w 0\n"));

  // About half of these ports are pod-0's.
  for (int i = 0; i < kClients; ++i) {
    auto reply =
        lab::request(network().client(1), to, {.source_port = static_cast<base::Port>(kFirst + i)});
    ASSERT_TRUE(reply.ok()) << "from port " << kFirst + i << ": " << reply.status().message();
    EXPECT_EQ(reply->server, "pod-1");
  }
  auto reply = kept->ask();
  ASSERT_TRUE(reply.ok()) << reply.status().message();
  EXPECT_EQ(reply->server, "pod-0");
  EXPECT_THAT(lab().ipvs(), HasSubstr("-a -t 10.96.0.10:80 -r 10.244.1.11:8080 -m -w 0\n"));
}

TEST_F(AgentEdges, NodePortsOnLoopbackAreRefusedAtOnce) {
  const std::vector<ServicePort> ports = {{Protocol::kTcp, 80, kServerPort, "tcp"},
                                          {Protocol::kUdp, 80, kServerPort, "udp"},
                                          {Protocol::kSctp, 80, kServerPort, "sctp"}};
  nlohmann::json service = make_service("web", {ip("10.96.0.10"), ip("fd00:96::10")}, ports);
  service["spec"]["type"] = "NodePort";
  for (nlohmann::json& port : service["spec"]["ports"]) port["nodePort"] = 30080;
  lab().put(service);
  for (Family family : kFamilies) {
    lab().put(make_slice("web", family == Family::kIpv4 ? "v4" : "v6", ports,
                         {endpoint("pod-0", family)}));
  }
  for (const char* addresses : {"[]", "[127.0.0.0/8, \"::1/128\", 0.0.0.0/0]"}) {
    SCOPED_TRACE(addresses);
    lab().configure({kClusterCidr, std::string("nodePortAddresses: ") + addresses});
    ASSERT_TRUE(lab().start());
    EXPECT_THAT(lab().ipvs(), HasSubstr("-A -t 192.0.2.1:30080"));
    EXPECT_THAT(lab().ipvs(), Not(HasSubstr("127.0.0.1")));
    for (Protocol protocol : kProtocols) {
      for (const char* loopback : {"127.0.0.1", "::1"}) {
        auto reply = lab::request(lab().node(), {protocol, ip(loopback), 30080});
        EXPECT_EQ(reply.status().error_number(), ECONNREFUSED)
            << to_string(protocol) << " " << loopback << ": " << reply.status().message();
      }
      EXPECT_TRUE(
          lab::request(lab().node(), {protocol, lab::Topology::node_address(Family::kIpv4), 30080})
              .ok());
    }
    // Whether the kernel lets loopback addresses out is not ours to decide.
    EXPECT_EQ(*lab().node().sysctl("net/ipv4/conf/all/route_localnet"), "0");
    EXPECT_EQ(lab().stop(), 0);
  }
}

}  // namespace
}  // namespace kernel_test
