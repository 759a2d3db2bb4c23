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

}  // namespace
}  // namespace kernel_test
