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
  const watchers::EndpointSlice* slice = nullptr;  // that names it
};

// How the endpoints for cluster-wide traffic were narrowed down.
enum class TopologyMode : std::uint8_t { kNone, kSameNode, kSameZone };

std::string_view to_string(TopologyMode mode);

// What the slices say of a Service port's endpoints, sorted by address and port; of those that
// several slices name, the most usable one comes first (a running pod hides a terminating one that
// had its address), so that the order of slices does not matter.
std::vector<PortEndpoint> entries_of_port(const watchers::SliceList& slices,
                                          std::string_view port_name, base::Protocol protocol,
                                          base::Family family, std::string_view node_name);

// The same, each endpoint once: as the first of its entries.
std::vector<PortEndpoint> endpoints_of_port(const watchers::SliceList& slices,
                                            std::string_view port_name, base::Protocol protocol,
                                            base::Family family, std::string_view node_name);

// Why an endpoint is used for a kind of traffic, or is not.
enum class EndpointVerdict : std::uint8_t {
  kReady,          // used
  kLastResort,     // used: it serves while it terminates, and nothing is ready
  kNotReady,       // and not terminating either
  kOthersReady,    // it serves while it terminates, but others are ready
  kStopped,        // terminating, and it does not serve any more
  kForOtherNodes,  // hinted for other nodes, and every ready endpoint has such a hint
  kForOtherZones,  // the same of zones
  kOnOtherNode,    // only endpoints of this node may be used
};

// "ready", "terminating, and others are ready", ...: a sentence for people.
std::string_view to_string(EndpointVerdict verdict);
bool is_used(EndpointVerdict verdict);

// The rules of choose_endpoints(), for one endpoint after the other. `endpoints` are all of the
// port's; both arguments must live longer.
class EndpointJudge {
 public:
  EndpointJudge(const std::vector<PortEndpoint>& endpoints, const NodeFacts& node);

  EndpointVerdict for_cluster(const PortEndpoint& endpoint) const;
  EndpointVerdict for_local(const PortEndpoint& endpoint) const;
  TopologyMode topology() const { return topology_; }
  // Something is ready, or serving while terminating, anywhere.
  bool has_any() const { return has_any_; }

 private:
  const NodeFacts& node_;
  bool any_ready_ = false;
  bool any_local_ready_ = false;
  bool has_any_ = false;
  TopologyMode topology_ = TopologyMode::kNone;
};

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
