#ifndef IPVS_AGENT_AGENT_ENDPOINT_CHOICE_H_
#define IPVS_AGENT_AGENT_ENDPOINT_CHOICE_H_

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/policy.h"
#include "base/ip_address.h"
#include "base/protocol.h"
#include "watchers/cluster_snapshot.h"

namespace agent {

// One endpoint of one Service port in one family, with what decides whether it is used.
struct PortEndpoint {
  base::IpAddress address;
  base::Port port = 0;
  bool ready = false;
  bool serving = false;
  bool terminating = false;
  bool local = false;                              // on the own node
  const watchers::EndpointHints* hints = nullptr;  // borrowed from the slice
};

// How the endpoints for cluster-wide traffic were narrowed down.
enum class TopologyMode : std::uint8_t { kNone, kSameNode, kSameZone };

std::string_view to_string(TopologyMode mode);

// The endpoints of a Service port, sorted by address and port, each once. Endpoints that several
// slices name count as the most usable of them (a running pod hides a terminating one that had its
// address), so the order of slices does not matter.
std::vector<PortEndpoint> endpoints_of_port(const watchers::SliceList& slices,
                                            std::string_view port_name, base::Protocol protocol,
                                            base::Family family, std::string_view node_name);

// Which of a port's endpoints traffic may go to.
struct EndpointChoice {
  std::vector<PortEndpoint> cluster;  // for policy Cluster
  std::vector<PortEndpoint> local;    // for policy Local
  TopologyMode topology = TopologyMode::kNone;
  // Something is ready, or serving while terminating, anywhere.
  bool has_any = false;
};

// Ready endpoints are usable; where there are none, those that serve while they terminate. For
// cluster-wide traffic ready endpoints are narrowed to those hinted for this node, or else this
// zone, if every ready endpoint carries such a hint and at least one names us (KEP-2433, KEP-3015).
// The local choice ignores hints.
EndpointChoice choose_endpoints(const std::vector<PortEndpoint>& endpoints, const NodeFacts& node);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_ENDPOINT_CHOICE_H_
