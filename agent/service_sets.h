#ifndef IPVS_AGENT_AGENT_SERVICE_SETS_H_
#define IPVS_AGENT_AGENT_SERVICE_SETS_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "netconf/ipset_table.h"

namespace agent {

// The ipsets that the masquerade and filter rules look into, one of each a family. Their names are
// kube-proxy's, so that taking over from it, and giving back, changes nothing.
enum class SetId : std::uint8_t {
  kLoopBack,                // local endpoints: hairpin traffic is masqueraded
  kClusterIp,               // every ClusterIP:port
  kExternalIp,              // external IPs, externalTrafficPolicy Cluster
  kExternalIpLocal,         // external IPs, externalTrafficPolicy Local
  kLoadBalancer,            // every load balancer IP:port
  kLoadBalancerFw,          // load balancer IPs that have source ranges
  kLoadBalancerLocal,       // load balancer IPs, externalTrafficPolicy Local
  kLoadBalancerSourceIp,    // load balancer IPs whose ranges hold the node itself
  kLoadBalancerSourceCidr,  // load balancer IPs with each of their source ranges
  kNodePortTcp,
  kNodePortLocalTcp,
  kNodePortUdp,
  kNodePortLocalUdp,
  kNodePortSctp,
  kNodePortLocalSctp,
  kHealthCheckNodePort,
  kIpvsIps,  // addresses on the service device that are no address of the node
  // Not kube-proxy's: what clients inside the cluster reach otherwise than those outside.
  kInside,      // addresses:ports of externalTrafficPolicy Local
  kInsideMark,  // the same with their firewall marks (inside_marks.h)
};

inline constexpr std::size_t kSetCount = 19;

// Every SetId, in declaration order.
std::array<SetId, kSetCount> all_sets();

// "KUBE-CLUSTER-IP", for IPv6 "KUBE-6-CLUSTER-IP", cut at the kernel's 31 characters.
std::string set_name(SetId id, base::Family family);
netconf::IpsetType set_type(SetId id);
// Whether the set is made only when it gets its first entry: those that kube-proxy does not have.
bool made_at_need(SetId id);
// Whether it is written behind the virtual servers, and emptied before them: packets are led to
// them by it.
bool steers(SetId id);
// Whether each entry is about a service address, port and protocol, to which one Service is
// entitled at a time.
bool names_a_face(SetId id);
// The set of all node ports whose owners an entry of this set is about; no value for other sets.
std::optional<SetId> node_ports_behind(SetId id);
// The set's comment in kube-proxy's rules.
std::string_view set_comment(SetId id);

// One entry of one of our sets.
struct SetEntry {
  SetId set = SetId::kClusterIp;
  base::Family family = base::Family::kIpv4;
  netconf::IpsetEntry entry;

  friend auto operator<=>(const SetEntry&, const SetEntry&) = default;
};

}  // namespace agent

template <>
struct std::hash<netconf::IpsetEntry> {
  std::size_t operator()(const netconf::IpsetEntry& entry) const noexcept;
};

template <>
struct std::hash<agent::SetEntry> {
  std::size_t operator()(const agent::SetEntry& entry) const noexcept;
};

#endif  // IPVS_AGENT_AGENT_SERVICE_SETS_H_
