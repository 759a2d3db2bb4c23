#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

using fakes::FakeAgent;
using fakes::FakeNode;
using fakes::make_service;
using fakes::make_slice;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr base::Protocol kUdp = base::Protocol::kUdp;

base::IpAddress ip(const std::string& text) { return *base::IpAddress::parse(text); }

// A client's flow to an address that `answerer` answers.
netconf::Flow flow_to(const std::string& address, base::Port port, const std::string& answerer,
                      base::Port answerer_port) {
  const bool four = ip(address).is_ipv4();
  const base::IpAddress client = ip(four ? "192.0.2.7" : "2001:db8::7");
  return {.protocol = kUdp,
          .original = {client, 40000, ip(address), port},
          .reply = {ip(answerer), answerer_port, client, 40000}};
}

// One that began when nobody translated its destination.
netconf::Flow flow_into_the_dark(const std::string& address, base::Port port) {
  return flow_to(address, port, address, port);
}

// UDP Service default/dns with every kind of address, on 10.244.1.1 and fd00:244::1.
class Flows : public testing::Test {
 protected:
  void start() {
    agent_ = std::make_unique<FakeAgent>(node_);
    ASSERT_TRUE(agent_->prepared.ok()) << agent_->prepared.message();
    agent_->sync();
    agent_->run();
    ASSERT_EQ(agent_->listener.starts, 1);
    node_.take_log();
  }
  void put_service() {
    watchers::Service service = make_service("dns", "10.96.0.53", {{"", kUdp, 53, 30053}});
    service.cluster_ips.push_back(ip("fd00:96::53"));
    service.type = watchers::ServiceType::kLoadBalancer;
    service.external_ips = {ip("198.51.100.53")};
    service.ingress = {{.ip = ip("203.0.113.53")}};
    agent_->put(service);
  }
  void put_endpoints(const std::vector<std::string>& of_ipv4) {
    agent_->put(make_slice("dns", "dns-4", {{"", kUdp, 5353}}, of_ipv4));
    agent_->put(make_slice("dns", "dns-6", {{"", kUdp, 5353}}, {"fd00:244::1"}));
    agent_->run();
  }
  std::vector<std::string> left() const {
    std::vector<std::string> destinations;
    for (const netconf::Flow& flow : node_.conntrack.flows()) {
      destinations.push_back(flow.original.destination.to_string());
    }
    return destinations;
  }

  mutable FakeNode node_;
  std::unique_ptr<FakeAgent> agent_;
};

TEST_F(Flows, ThatBeganBeforeAnyEndpointGoWithTheFirst) {
  start();
  put_service();
  agent_->run();
  node_.conntrack.flows() = {
      flow_into_the_dark("10.96.0.53", 53),      flow_into_the_dark("fd00:96::53", 53),
      flow_into_the_dark("198.51.100.53", 53),   flow_into_the_dark("203.0.113.53", 53),
      flow_into_the_dark("192.168.0.10", 30053), flow_into_the_dark("fd00:1::10", 30053)};
  put_endpoints({"10.244.1.1"});
  EXPECT_THAT(left(), IsEmpty());
}

TEST_F(Flows, ThatBeganBeforeTheServiceGoWithIt) {
  start();
  node_.conntrack.flows() = {flow_into_the_dark("10.96.0.53", 53),
                             flow_into_the_dark("192.168.0.10", 30053)};
  put_service();
  put_endpoints({"10.244.1.1"});
  EXPECT_THAT(left(), IsEmpty());
}

TEST_F(Flows, ThatAreNotOfTheServiceStay) {
  start();
  // A port or an address that is not ours: a node port belongs to this node's addresses only.
  node_.conntrack.flows() = {
      flow_into_the_dark("10.96.0.53", 54), flow_into_the_dark("192.168.0.11", 30053),
      flow_into_the_dark("127.0.0.1", 30053), flow_to("203.0.113.53", 53, "10.244.1.1", 5353)};
  netconf::Flow tcp = flow_into_the_dark("198.51.100.53", 53);
  tcp.protocol = base::Protocol::kTcp;
  node_.conntrack.flows().push_back(tcp);
  put_service();
  put_endpoints({"10.244.1.1"});
  EXPECT_THAT(left(), ElementsAre("10.96.0.53", "192.168.0.11", "127.0.0.1", "203.0.113.53",
                                  "198.51.100.53"));
}

TEST_F(Flows, AreNotLookedForWhenAnEndpointJoinsOthers) {
  start();
  put_service();
  put_endpoints({"10.244.1.1"});
  node_.conntrack.flows() = {flow_into_the_dark("10.96.0.53", 53)};
  put_endpoints({"10.244.1.1", "10.244.1.2"});
  EXPECT_THAT(left(), ElementsAre("10.96.0.53"));
  EXPECT_THAT(agent_->listener.rounds.back().report.changed_udp, IsEmpty());
}

TEST_F(Flows, OfAnEndpointThatLeavesGoWithIt) {
  start();
  put_service();
  put_endpoints({"10.244.1.1", "10.244.1.2"});
  node_.conntrack.flows() = {flow_to("10.96.0.53", 53, "10.244.1.1", 5353),
                             flow_to("198.51.100.53", 53, "10.244.1.2", 5353)};
  put_endpoints({"10.244.1.2"});
  EXPECT_THAT(left(), ElementsAre("198.51.100.53"));
}

TEST_F(Flows, ThatAnEarlierAgentDidNotComeToGoAtTheStart) {
  start();
  put_service();
  put_endpoints({"10.244.1.1"});
  node_.conntrack.flows() = {flow_into_the_dark("10.96.0.53", 53),
                             flow_to("198.51.100.53", 53, "10.244.1.9", 5353),
                             flow_to("203.0.113.53", 53, "10.244.1.1", 5353)};
  agent_ = std::make_unique<FakeAgent>(node_);
  put_service();
  put_endpoints({"10.244.1.1"});
  agent_->sync();
  agent_->run();
  EXPECT_THAT(left(), UnorderedElementsAre("203.0.113.53"));
}

}  // namespace
}  // namespace agent
