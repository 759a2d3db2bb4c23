#include "agent/node_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> texts(const std::vector<base::IpAddress>& addresses) {
  std::vector<std::string> texts;
  for (const base::IpAddress& address : addresses) texts.push_back(address.to_string());
  return texts;
}

// A host's addresses are given as "eth0 10.20.30.40".
NodeFacts facts_of(const std::vector<std::string>& held, const NodePortAddresses& config = {}) {
  std::vector<netconf::NodeAddress> addresses;
  for (const std::string& text : held) {
    std::size_t space = text.find(' ');
    base::IpAddress address = *base::IpAddress::parse(text.substr(space + 1));
    addresses.push_back({address, address.bits(), text.substr(0, space)});
  }
  return make_node_facts("node-1", nullptr, addresses, config);
}

struct AddressCase {
  const char* name;
  std::vector<std::string> held;
  std::vector<std::string> served;
};

class NodeAddresses : public testing::TestWithParam<AddressCase> {};

TEST_P(NodeAddresses, ServeNodePorts) {
  EXPECT_EQ(texts(facts_of(GetParam().held).node_port_addresses), GetParam().served);
}

// The service device's addresses never get here: the address table keeps them apart, even where
// another interface has the same one.
INSTANTIATE_TEST_SUITE_P(
    Cases, NodeAddresses,
    testing::Values(
        AddressCase{"one", {"eth0 1.2.3.4", "lo 127.0.0.1"}, {"1.2.3.4"}},
        AddressCase{"only_loopback", {"lo 127.0.0.1", "lo ::1"}, {}}, AddressCase{"none", {}, {}},
        AddressCase{"bridges_count_link_local_ipv6_does_not",
                    {"encap0 10.20.30.40", "encap0 fe80::200:ff:fe01:1", "lo 127.0.0.1",
                     "docker0 172.17.0.1"},
                    {"10.20.30.40", "172.17.0.1"}},
        AddressCase{"both_families",
                    {"encap9 10.20.30.40", "encap7 1000::", "encap7 10.20.30.31"},
                    {"10.20.30.31", "10.20.30.40", "1000::"}},
        AddressCase{"a_device_called_ipvs0_is_like_others",
                    {"ipvs0 1.2.3.4", "encap7 10.20.30.31"},
                    {"1.2.3.4", "10.20.30.31"}},
        AddressCase{"one_address_on_two_devices", {"eth0 1.2.3.4", "eth1 1.2.3.4"}, {"1.2.3.4"}},
        AddressCase{"loopback_range", {"lo 127.0.0.0", "lo 127.6.7.8"}, {}},
        AddressCase{"ipv4_link_local_counts", {"eth0 169.254.0.0"}, {"169.254.0.0"}},
        AddressCase{"mapped_is_ipv4", {"eth0 ::ffff:169.254.0.0"}, {"169.254.0.0"}},
        AddressCase{"public", {"eth0 8.8.8.8", "eth0 192.168.0.1"}, {"8.8.8.8", "192.168.0.1"}}),
    [](const auto& param) { return param.param.name; });

TEST(NodePortCidrs, AreReadByFamily) {
  std::vector<std::string> held = {"eth0 10.0.0.1", "eth0 11.0.0.1", "eth0 12.0.0.1",
                                   "eth0 1000::1",  "eth0 2000::1",  "eth0 3000::1"};
  NodePortAddresses config;
  for (const char* cidr : {"1000::/64", "10.0.0.0/16", "11.0.0.0/16", "2000::/64"}) {
    config.cidrs.push_back(*base::IpPrefix::parse(cidr));
  }
  EXPECT_THAT(texts(facts_of(held, config).node_port_addresses),
              ElementsAre("10.0.0.1", "11.0.0.1", "1000::1", "2000::1"));
  config.cidrs = {*base::IpPrefix::parse("1000::/64")};
  EXPECT_THAT(texts(facts_of(held, config).node_port_addresses),
              ElementsAre("10.0.0.1", "11.0.0.1", "12.0.0.1", "1000::1"))
      << "a family without a CIDR is served on all addresses";
  config.cidrs = {*base::IpPrefix::parse("9.0.0.0/8"), *base::IpPrefix::parse("9000::/16")};
  EXPECT_THAT(facts_of(held, config).node_port_addresses, IsEmpty());
}

}  // namespace
}  // namespace agent
