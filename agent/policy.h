#ifndef IPVS_AGENT_AGENT_POLICY_H_
#define IPVS_AGENT_AGENT_POLICY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip_address.h"

namespace agent {

// What of the configuration the planning of a Service depends on. A change of any field can change
// many plans.
struct Policy {
  std::string scheduler = "rr";
  std::uint32_t scheduler_flags = 0;  // ipvs::kFlag* bits that every virtual server gets
  bool ipv4 = true;                   // families that this host can serve
  bool ipv6 = true;

  bool serves(base::Family family) const { return family == base::Family::kIpv4 ? ipv4 : ipv6; }

  friend bool operator==(const Policy&, const Policy&) = default;
};

// What of the own node planning depends on. A change of any field can change many plans.
struct NodeFacts {
  std::string name;  // "" where the node is not known: then no endpoint is local
  std::string zone;  // "" where the node has none
  // Addresses of the host beside the service device, sorted, without loopback and link-local IPv6.
  std::vector<base::IpAddress> addresses;
  // Addresses that NodePorts are served on, sorted.
  std::vector<base::IpAddress> node_port_addresses;
  // The node's own addresses as the Node object gives them, one a family at most.
  std::vector<base::IpAddress> primary_addresses;

  friend bool operator==(const NodeFacts&, const NodeFacts&) = default;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_POLICY_H_
