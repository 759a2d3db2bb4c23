#ifndef IPVS_AGENT_AGENT_SERVICE_HEALTH_H_
#define IPVS_AGENT_AGENT_SERVICE_HEALTH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "agent/node_port_addresses.h"
#include "agent/policy.h"
#include "base/ip_address.h"
#include "base/protocol.h"
#include "watchers/cluster_snapshot.h"

namespace agent {

// What a load balancer asks a node about a Service with externalTrafficPolicy Local: whether it has
// an endpoint there.
struct ServiceHealth {
  base::Port port = 0;                // spec.healthCheckNodePort; 0: the Service has none
  std::uint32_t local_endpoints = 0;  // count_ready_local()

  friend bool operator==(const ServiceHealth&, const ServiceHealth&) = default;
};

// The endpoints of a Service on this node that are ready, by their addresses: several ports of an
// endpoint count once. An endpoint of a dual-stack Service has an address of each family, so the
// family that has more of them counts, not their sum.
std::uint32_t count_ready_local(const watchers::SliceList& slices, const std::string& node_name);

// The answer to a load balancer, byte for byte kube-proxy's: JSON, indented with tabs.
std::string service_health_body(const watchers::ObjectKey& service, const ServiceHealth& health,
                                bool proxy_healthy);

// Where health checks are answered: everywhere (one unspecified address, for both families) if
// NodePorts are, else at the node's addresses that serve NodePorts, and at a loopback address if
// nodePortAddresses includes it.
std::vector<base::IpAddress> health_check_addresses(const NodeFacts& node,
                                                    const NodePortAddresses& node_ports);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_SERVICE_HEALTH_H_
