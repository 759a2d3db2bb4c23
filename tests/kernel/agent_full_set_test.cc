// A set with more entries than kube-proxy makes room for.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/kernel/agent_fixture.h"

namespace kernel_test {
namespace {

using base::Protocol;
using lab::Target;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kRoom = 65536;
constexpr int kMore = 300;
constexpr char kSet[] = "KUBE-LOAD-BALANCER-SOURCE-CIDR";

// 100.64.0.0/10 has room for them.
std::string range(int index) {
  return "100." + std::to_string(64 + index / 65536) + "." + std::to_string(index / 256 % 256) +
         "." + std::to_string(index % 256) + "/32";
}

class AgentFullSet : public AgentTest {
 protected:
  // What ipset says of the set without its entries, such as "maxelem 65536".
  std::string header() { return lab().tool({"ipset", "list", "-terse", kSet}); }
};

// One address that only the clients of many ranges may use.
TEST_F(AgentFullSet, IsTakenOverAndGrowsUnderItsRules) {
  const std::vector<ServicePort> ports = {{Protocol::kTcp, 80, kServerPort}};
  nlohmann::json service = make_service("web", {ip("10.96.0.10")}, ports);
  service["spec"]["type"] = "LoadBalancer";
  service["status"]["loadBalancer"]["ingress"] = {{{"ip", "203.0.113.10"}}};
  nlohmann::json& ranges = service["spec"]["loadBalancerSourceRanges"];
  for (int i = 0; i < kRoom; ++i) ranges.push_back(range(i));
  lab().put(service);
  lab().put(make_slice("web", "v4", ports, {endpoint("pod-0")}));
  lab().configure({"clusterCIDR: 10.244.0.0/16"});
  ASSERT_TRUE(lab().start());
  ASSERT_EQ(lab().stop(), 0);
  // A full one, made with kube-proxy's parameters.
  ASSERT_THAT(header(), AllOf(HasSubstr("Type: hash:ip,port,net\n"), HasSubstr("family inet "),
                              HasSubstr("maxelem " + std::to_string(kRoom) + " "),
                              HasSubstr("Number of entries: " + std::to_string(kRoom) + "\n")));

  // The last range, which has no room, is that of client 0.
  for (int i = kRoom; i < kRoom + kMore; ++i) ranges.push_back(range(i));
  ranges.push_back(lab::Topology::client_address(0, base::Family::kIpv4).to_string() + "/32");
  lab().put(service);
  ASSERT_TRUE(lab().start());
  EXPECT_THAT(header(),
              AllOf(HasSubstr("maxelem " + std::to_string(2 * kRoom) + " "),
                    HasSubstr("Number of entries: " + std::to_string(kRoom + kMore + 1) + "\n")));
  EXPECT_EQ(lab().metric("ipvs_agent_ipset_entries", kSet), kRoom + kMore + 1);
  const Target vip{Protocol::kTcp, ip("203.0.113.10"), 80};
  auto reply = lab::request(network().client(0), vip);
  EXPECT_TRUE(reply.ok()) << reply.status().message();
  EXPECT_FALSE(
      lab::request(network().client(1), vip, {.timeout = std::chrono::milliseconds(500)}).ok());
}

}  // namespace
}  // namespace kernel_test
