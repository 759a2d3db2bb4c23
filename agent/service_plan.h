#ifndef IPVS_AGENT_AGENT_SERVICE_PLAN_H_
#define IPVS_AGENT_AGENT_SERVICE_PLAN_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/policy.h"
#include "agent/real_server_list.h"
#include "agent/service_health.h"
#include "agent/service_sets.h"
#include "base/ip_address.h"
#include "ipvs/virtual_server.h"
#include "watchers/cluster_snapshot.h"
#include "watchers/objects.h"

namespace agent {

// What kind of address a virtual server answers on. The order is the precedence when two Services
// claim the same address, port and protocol: nobody can take a ClusterIP over by naming it as an
// external IP of another Service.
enum class VipKind : std::uint8_t { kClusterIp, kLoadBalancer, kExternalIp, kNodePort };

std::string_view to_string(VipKind kind);

struct PlannedVirtualServer {
  ipvs::VirtualServer server;
  VipKind kind = VipKind::kClusterIp;
  base::Protocol protocol = base::Protocol::kTcp;  // of its packets; a mark's key does not say it
  RealServerList real_servers;

  friend bool operator==(const PlannedVirtualServer&, const PlannedVirtualServer&) = default;
};

// Traffic policies Local of a Service for which it has usable endpoints, but none on this node. By
// family, IPv4 first.
struct NoLocalEndpoints {
  std::array<bool, 2> internal{};
  std::array<bool, 2> external{};

  friend bool operator==(const NoLocalEndpoints&, const NoLocalEndpoints&) = default;
};

// Everything that the host must hold for one Service, and what is told of it.
struct ServicePlan {
  std::vector<PlannedVirtualServer> virtual_servers;  // sorted by key, each key once
  std::vector<base::IpAddress> addresses;             // on the service device; sorted
  std::vector<SetEntry> set_entries;                  // sorted
  std::vector<std::string> problems;                  // what of the Service could not be planned
  ServiceHealth health;                               // for its load balancer
  NoLocalEndpoints no_local_endpoints;                // for metrics
  // What answers clients inside the cluster on addresses of externalTrafficPolicy Local; keys are
  // those of virtual_servers, which answer everybody else. give_marks() makes virtual servers of
  // firewall marks of them; without marks they come to nothing, and the others answer all clients.
  std::vector<PlannedVirtualServer> inside;  // sorted by key, each key once

  bool empty() const { return virtual_servers.empty() && addresses.empty() && set_entries.empty(); }
  friend bool operator==(const ServicePlan&, const ServicePlan&) = default;
};

// The plan of one Service: a pure function. Headless and ExternalName Services, and those served by
// another proxy, have an empty plan.
ServicePlan plan_service(const watchers::Service& service, const watchers::SliceList& slices,
                         const NodeFacts& node, const Policy& policy);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_SERVICE_PLAN_H_
