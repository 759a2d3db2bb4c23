#include "agent/node_facts.h"

#include <algorithm>

#include "base/sorted.h"

namespace agent {
namespace {

// One address a family, internal ones before external ones.
std::vector<base::IpAddress> primary_addresses(const watchers::Node& node) {
  std::vector<base::IpAddress> primary;
  for (const auto* list : {&node.internal_ips, &node.external_ips}) {
    for (const base::IpAddress& address : *list) {
      bool known = std::any_of(primary.begin(), primary.end(), [&](const base::IpAddress& other) {
        return other.family() == address.family();
      });
      if (!known) primary.push_back(address);
    }
  }
  return primary;
}

bool serves_node_ports(const base::IpAddress& address, const NodePortAddresses& config,
                       const std::vector<base::IpAddress>& primary) {
  bool restricted = false;
  if (config.primary) {
    for (const base::IpAddress& own : primary) {
      if (own == address) return true;
      restricted = restricted || own.family() == address.family();
    }
  }
  for (const base::IpPrefix& cidr : config.cidrs) {
    if (cidr.contains(address)) return true;
    restricted = restricted || cidr.family() == address.family();
  }
  return !restricted;
}

}  // namespace

NodeFacts make_node_facts(const std::string& name, const watchers::Node* node,
                          std::span<const netconf::NodeAddress> host_addresses,
                          const NodePortAddresses& node_ports) {
  NodeFacts facts;
  facts.name = name;
  if (node != nullptr) {
    facts.zone = node->zone;
    facts.primary_addresses = primary_addresses(*node);
  }
  for (const netconf::NodeAddress& held : host_addresses) {
    const base::IpAddress& address = held.address;
    if (address.is_loopback() || (!address.is_ipv4() && address.is_link_local())) continue;
    facts.addresses.push_back(address);
    if (serves_node_ports(address, node_ports, facts.primary_addresses)) {
      facts.node_port_addresses.push_back(address);
    }
  }
  base::sort_unique(facts.addresses);
  base::sort_unique(facts.node_port_addresses);
  return facts;
}

}  // namespace agent
