#include "agent/service_health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace agent {
namespace {

using testing::ElementsAre;

base::IpAddress ip(const char* text) { return *base::IpAddress::parse(text); }

watchers::Endpoint endpoint(const char* address, const char* node, bool ready = true) {
  watchers::Endpoint made;
  made.address = ip(address);
  made.ready = ready;
  made.terminating = !ready;
  if (node != nullptr) {
    made.place = std::make_shared<const watchers::EndpointPlace>(watchers::EndpointPlace{node, {}});
  }
  return made;
}

std::shared_ptr<const watchers::EndpointSlice> slice(std::vector<watchers::EndpointPort> ports,
                                                     std::vector<watchers::Endpoint> endpoints) {
  auto made = std::make_shared<watchers::EndpointSlice>();
  made->groups.push_back({std::move(ports), std::move(endpoints)});
  return made;
}

const std::vector<watchers::EndpointPort> kTwoPorts = {{"a", base::Protocol::kTcp, 80},
                                                       {"b", base::Protocol::kTcp, 81}};

TEST(ServiceHealthTest, CountsReadyEndpointsOfThisNodeOnceEach) {
  watchers::SliceList slices = {
      slice(kTwoPorts,
            {endpoint("10.0.0.1", "node-a"), endpoint("10.0.0.2", "node-b"),
             endpoint("10.0.0.3", "node-a", /*ready=*/false), endpoint("10.0.0.4", nullptr)}),
      slice(kTwoPorts, {endpoint("10.0.0.1", "node-a"), endpoint("10.0.0.5", "node-a")}),
      slice({}, {endpoint("10.0.0.6", "node-a")})};
  EXPECT_EQ(count_ready_local(slices, "node-a"), 2u);
  EXPECT_EQ(count_ready_local(slices, "node-b"), 1u);
  EXPECT_EQ(count_ready_local(slices, "node-c"), 0u);
  EXPECT_EQ(count_ready_local({}, "node-a"), 0u);
}

TEST(ServiceHealthTest, ADualStackEndpointIsOne) {
  watchers::SliceList slices = {
      slice(kTwoPorts, {endpoint("10.0.0.1", "node-a")}),
      slice(kTwoPorts, {endpoint("fd00::1", "node-a"), endpoint("fd00::2", "node-a")})};
  EXPECT_EQ(count_ready_local(slices, "node-a"), 2u);
}

TEST(ServiceHealthTest, TheBodyIsKubeProxys) {
  EXPECT_EQ(service_health_body({"default", "web"}, {.port = 30000, .local_endpoints = 3}, true),
            "{\n"
            "\t\"service\": {\n"
            "\t\t\"namespace\": \"default\",\n"
            "\t\t\"name\": \"web\"\n"
            "\t},\n"
            "\t\"localEndpoints\": 3,\n"
            "\t\"serviceProxyHealthy\": true\n"
            "}");
}

TEST(ServiceHealthTest, AnswersWhereNodePortsAreServed) {
  NodeFacts node;
  node.node_port_addresses = {ip("10.0.0.1"), ip("fd00::1")};
  auto with = [&](std::vector<const char*> cidrs) {
    NodePortAddresses config;
    for (const char* cidr : cidrs) config.cidrs.push_back(*base::IpPrefix::parse(cidr));
    return health_check_addresses(node, config);
  };
  EXPECT_THAT(with({}), ElementsAre(ip("0.0.0.0")));
  EXPECT_THAT(with({"0.0.0.0/0"}), ElementsAre(ip("0.0.0.0")));
  EXPECT_THAT(with({"::/0", "0.0.0.0/0"}), ElementsAre(ip("0.0.0.0")));
  EXPECT_THAT(with({"10.0.0.0/8"}), ElementsAre(ip("10.0.0.1"), ip("fd00::1")));
  EXPECT_THAT(with({"10.0.0.0/8", "127.0.0.0/8", "::1/128"}),
              ElementsAre(ip("10.0.0.1"), ip("127.0.0.1"), ip("::1"), ip("fd00::1")));
  EXPECT_THAT(health_check_addresses(node, {.primary = true, .cidrs = {}}),
              ElementsAre(ip("10.0.0.1"), ip("fd00::1")));
}

}  // namespace
}  // namespace agent
