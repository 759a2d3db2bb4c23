#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/contract/netconf_host.h"

namespace contract {
namespace {

using base::Code;
using base::Family;
using base::IpAddress;
using base::Protocol;
using base::Status;
using netconf::DeleteFlow;
using netconf::Flow;
using netconf::FlowDirection;
using testing::ElementsAre;
using testing::IsEmpty;

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

// A client's flow through a service address to an endpoint.
Flow through_service(std::string_view client, base::Port client_port, std::string_view service,
                     std::string_view endpoint) {
  return Flow{.protocol = Protocol::kUdp,
              .original = FlowDirection{ip(client), client_port, ip(service), 53},
              .reply = FlowDirection{ip(endpoint), 5353, ip(client), client_port}};
}

class ConntrackContract : public testing::Test {
 protected:
  std::vector<Flow> read(
      Family family, const netconf::FlowFilter& wanted = [](const Flow&) { return true; }) {
    base::Result<netconf::FlowList> list = host_->conntrack().read_udp(family, wanted);
    EXPECT_TRUE(list.ok()) << list.status().message();
    if (!list) return {};
    EXPECT_TRUE(list->complete);
    std::ranges::sort(list->flows);
    return list->flows;
  }
  static std::vector<std::string> texts(const std::vector<Flow>& flows) {
    std::vector<std::string> result;
    for (const Flow& flow : flows) result.push_back(to_text(flow));
    return result;
  }
  std::vector<Status> apply(const std::vector<DeleteFlow>& ops) {
    return host_->conntrack().apply(ops);
  }

  std::unique_ptr<NetconfHost> host_ = make_netconf_host();
};

TEST_F(ConntrackContract, ReadsTheUdpFlowsOfOneFamily) {
  host_->track(through_service("10.0.0.1", 40000, "10.96.0.10", "10.1.0.5"));
  host_->track(through_service("10.0.0.1", 40001, "10.96.0.10", "10.1.0.6"));
  host_->track(through_service("fd00::1", 40000, "fd00:96::a", "fd00:1::5"));
  Flow tcp = through_service("10.0.0.1", 40002, "10.96.0.10", "10.1.0.5");
  tcp.protocol = Protocol::kTcp;
  host_->track(tcp);
  EXPECT_THAT(texts(read(Family::kIpv4)),
              ElementsAre("udp src=10.0.0.1 dst=10.96.0.10 sport=40000 dport=53 src=10.1.0.5 "
                          "dst=10.0.0.1 sport=5353 dport=40000",
                          "udp src=10.0.0.1 dst=10.96.0.10 sport=40001 dport=53 src=10.1.0.6 "
                          "dst=10.0.0.1 sport=5353 dport=40001"));
  EXPECT_THAT(texts(read(Family::kIpv6)),
              ElementsAre("udp src=fd00::1 dst=fd00:96::a sport=40000 dport=53 src=fd00:1::5 "
                          "dst=fd00::1 sport=5353 dport=40000"));
}

TEST_F(ConntrackContract, KeepsOnlyWhatIsWanted) {
  for (int i = 0; i < 20; ++i) {
    host_->track(through_service("10.0.0.1", static_cast<base::Port>(40000 + i), "10.96.0.10",
                                 i % 2 == 0 ? "10.1.0.5" : "10.1.0.6"));
  }
  int asked = 0;
  std::vector<Flow> flows = read(Family::kIpv4, [&](const Flow& flow) {
    ++asked;
    return flow.reply.source == ip("10.1.0.6");
  });
  EXPECT_EQ(asked, 20);
  EXPECT_EQ(flows.size(), 10u);
}

TEST_F(ConntrackContract, DeletesJustTheNamedFlows) {
  host_->track(through_service("10.0.0.1", 40000, "10.96.0.10", "10.1.0.5"));
  host_->track(through_service("10.0.0.1", 40001, "10.96.0.10", "10.1.0.6"));
  host_->track(through_service("fd00::1", 40000, "fd00:96::a", "fd00:1::5"));
  std::vector<Flow> ipv4 = read(Family::kIpv4);
  std::vector<Flow> ipv6 = read(Family::kIpv6);
  ASSERT_EQ(ipv4.size(), 2u);
  ASSERT_EQ(ipv6.size(), 1u);
  for (const Status& status : apply({DeleteFlow{ipv4[0]}, DeleteFlow{ipv6[0]}})) {
    EXPECT_TRUE(status.ok()) << status.message();
  }
  EXPECT_EQ(read(Family::kIpv4), std::vector<Flow>{ipv4[1]});
  EXPECT_THAT(read(Family::kIpv6), IsEmpty());
}

TEST_F(ConntrackContract, AFlowThatIsGoneHoldsUpNoOther) {
  host_->track(through_service("10.0.0.1", 40000, "10.96.0.10", "10.1.0.5"));
  Flow there = read(Family::kIpv4).at(0);
  Flow gone = through_service("10.0.0.1", 50000, "10.96.0.10", "10.1.0.5");
  std::vector<Status> outcomes = apply({DeleteFlow{gone}, DeleteFlow{there}, DeleteFlow{there}});
  EXPECT_EQ(outcomes.at(0).code(), Code::kNotFound) << outcomes[0].message();
  EXPECT_EQ(outcomes[0].error_number(), ENOENT);
  EXPECT_THAT(outcomes[0].message(), testing::HasSubstr(to_text(DeleteFlow{gone})));
  EXPECT_TRUE(outcomes.at(1).ok()) << outcomes[1].message();
  EXPECT_EQ(outcomes.at(2).code(), Code::kNotFound) << outcomes[2].message();
}

TEST_F(ConntrackContract, ALaterFlowOfTheSameAddressesStays) {
  host_->track(through_service("10.0.0.1", 40000, "10.96.0.10", "10.1.0.5"));
  Flow read_before = read(Family::kIpv4).at(0);
  ASSERT_NE(read_before.id, 0u);
  Flow other = read_before;
  other.id ^= 1;
  EXPECT_EQ(apply({DeleteFlow{other}}).at(0).code(), Code::kNotFound);
  EXPECT_EQ(read(Family::kIpv4).size(), 1u);
  // Without an id the addresses are enough.
  other.id = 0;
  EXPECT_TRUE(apply({DeleteFlow{other}}).at(0).ok());
  EXPECT_THAT(read(Family::kIpv4), IsEmpty());
}

TEST_F(ConntrackContract, ZonesAreApart) {
  Flow zoned = through_service("10.0.0.1", 40000, "10.96.0.10", "10.1.0.5");
  zoned.zone = 7;
  host_->track(zoned);
  std::vector<Flow> flows = read(Family::kIpv4);
  ASSERT_EQ(flows.size(), 1u);
  EXPECT_EQ(flows[0].zone, 7);
  zoned.zone = 0;
  EXPECT_EQ(apply({DeleteFlow{zoned}}).at(0).code(), Code::kNotFound);
  EXPECT_TRUE(apply({DeleteFlow{flows[0]}}).at(0).ok());
}

TEST_F(ConntrackContract, DeletesMoreThanOneBatch) {
  std::vector<DeleteFlow> ops;
  for (int i = 0; i < 1200; ++i) {
    ops.push_back(
        {through_service("10.0.0.1", static_cast<base::Port>(1000 + i), "10.96.0.10", "10.1.0.5")});
  }
  host_->track(ops[600].flow);
  std::vector<Status> outcomes = apply(ops);
  ASSERT_EQ(outcomes.size(), ops.size());
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(outcomes[i].code(), i == 600 ? Code::kOk : Code::kNotFound) << i;
  }
}

}  // namespace
}  // namespace contract
