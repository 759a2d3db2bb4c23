#include "agent/service_health.h"

#include <algorithm>
#include <array>

#include "agent/yaml_tree.h"
#include "base/sorted.h"

namespace agent {
namespace {

using base::Family;
using base::IpAddress;

// Nothing keeps NodePorts from any address of the family.
bool unrestricted(const NodePortAddresses& node_ports, Family family) {
  bool any = false;
  for (const base::IpPrefix& cidr : node_ports.cidrs) {
    if (cidr.family() != family) continue;
    if (cidr.length() == 0) return true;
    any = true;
  }
  return !any && !node_ports.primary;
}

}  // namespace

std::uint32_t count_ready_local(const watchers::SliceList& slices, const std::string& node_name) {
  std::array<std::vector<IpAddress>, 2> addresses;
  if (node_name.empty()) return 0;
  for (const auto& slice : slices) {
    for (const watchers::EndpointGroup& group : slice->groups) {
      if (group.ports.empty()) continue;
      for (const watchers::Endpoint& endpoint : group.endpoints) {
        if (!endpoint.ready || endpoint.node() != node_name) continue;
        addresses[endpoint.address.is_ipv4() ? 0 : 1].push_back(endpoint.address);
      }
    }
  }
  std::size_t most = 0;
  for (std::vector<IpAddress>& of_family : addresses) {
    base::sort_unique(of_family);
    most = std::max(most, of_family.size());
  }
  return static_cast<std::uint32_t>(most);
}

std::string service_health_body(const watchers::ObjectKey& service, const ServiceHealth& health,
                                bool proxy_healthy) {
  return "{\n\t\"service\": {\n\t\t\"namespace\": " + quoted(service.space) +
         ",\n\t\t\"name\": " + quoted(service.name) +
         "\n\t},\n\t\"localEndpoints\": " + std::to_string(health.local_endpoints) +
         ",\n\t\"serviceProxyHealthy\": " + (proxy_healthy ? "true" : "false") + "\n}";
}

std::vector<IpAddress> health_check_addresses(const NodeFacts& node,
                                              const NodePortAddresses& node_ports) {
  static const IpAddress kEverywhere = *IpAddress::parse("0.0.0.0");
  if (unrestricted(node_ports, Family::kIpv4) && unrestricted(node_ports, Family::kIpv6)) {
    return {kEverywhere};
  }
  std::vector<IpAddress> addresses = node.node_port_addresses;
  for (const char* text : {"127.0.0.1", "::1"}) {
    IpAddress loopback = *IpAddress::parse(text);
    bool named = std::any_of(node_ports.cidrs.begin(), node_ports.cidrs.end(),
                             [&](const auto& cidr) { return cidr.contains(loopback); });
    if (named) addresses.push_back(loopback);
  }
  base::sort_unique(addresses);
  return addresses;
}

}  // namespace agent
