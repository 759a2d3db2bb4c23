#include "agent/service_sets.h"

namespace agent {
namespace {

using netconf::IpsetType;

struct SetRow {
  SetId id;
  std::string_view suffix;  // behind "KUBE-" or "KUBE-6-"
  IpsetType type;
  std::string_view comment;
};

constexpr std::array<SetRow, kSetCount> kSets = {{
    {SetId::kLoopBack, "LOOP-BACK", IpsetType::kHashIpPortIp,
     "Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose"},
    {SetId::kClusterIp, "CLUSTER-IP", IpsetType::kHashIpPort,
     "Kubernetes service cluster ip + port for masquerade purpose"},
    {SetId::kExternalIp, "EXTERNAL-IP", IpsetType::kHashIpPort,
     "Kubernetes service external ip + port for masquerade and filter purpose"},
    {SetId::kExternalIpLocal, "EXTERNAL-IP-LOCAL", IpsetType::kHashIpPort,
     "Kubernetes service external ip + port with externalTrafficPolicy=local"},
    {SetId::kLoadBalancer, "LOAD-BALANCER", IpsetType::kHashIpPort, "Kubernetes service lb portal"},
    {SetId::kLoadBalancerFw, "LOAD-BALANCER-FW", IpsetType::kHashIpPort,
     "Kubernetes service load balancer ip + port for load balancer with sourceRange"},
    {SetId::kLoadBalancerLocal, "LOAD-BALANCER-LOCAL", IpsetType::kHashIpPort,
     "Kubernetes service load balancer ip + port with externalTrafficPolicy=local"},
    {SetId::kLoadBalancerSourceIp, "LOAD-BALANCER-SOURCE-IP", IpsetType::kHashIpPortIp,
     "Kubernetes service load balancer ip + port + source IP for packet filter purpose"},
    {SetId::kLoadBalancerSourceCidr, "LOAD-BALANCER-SOURCE-CIDR", IpsetType::kHashIpPortNet,
     "Kubernetes service load balancer ip + port + source cidr for packet filter purpose"},
    {SetId::kNodePortTcp, "NODE-PORT-TCP", IpsetType::kBitmapPort,
     "Kubernetes nodeport TCP port for masquerade purpose"},
    {SetId::kNodePortLocalTcp, "NODE-PORT-LOCAL-TCP", IpsetType::kBitmapPort,
     "Kubernetes nodeport TCP port with externalTrafficPolicy=local"},
    {SetId::kNodePortUdp, "NODE-PORT-UDP", IpsetType::kBitmapPort,
     "Kubernetes nodeport UDP port for masquerade purpose"},
    {SetId::kNodePortLocalUdp, "NODE-PORT-LOCAL-UDP", IpsetType::kBitmapPort,
     "Kubernetes nodeport UDP port with externalTrafficPolicy=local"},
    {SetId::kNodePortSctp, "NODE-PORT-SCTP-HASH", IpsetType::kHashIpPort,
     "Kubernetes nodeport SCTP port for masquerade purpose with type 'hash ip:port'"},
    {SetId::kNodePortLocalSctp, "NODE-PORT-LOCAL-SCTP-HASH", IpsetType::kHashIpPort,
     "Kubernetes nodeport SCTP port with externalTrafficPolicy=local with type 'hash ip:port'"},
    {SetId::kHealthCheckNodePort, "HEALTH-CHECK-NODE-PORT", IpsetType::kBitmapPort,
     "Kubernetes health check node port"},
    {SetId::kIpvsIps, "IPVS-IPS", IpsetType::kHashIp, "Addresses on kube-ipvs0 interface"},
    {SetId::kInside, "INSIDE", IpsetType::kHashIpPort, ""},
    {SetId::kInsideMark, "INSIDE-MARK", IpsetType::kHashIpPort, ""},
}};

// IPSET_MAXNAMELEN of linux/netfilter/ipset/ip_set.h, less the NUL.
constexpr std::size_t kMaxNameLength = 31;

const SetRow& row(SetId id) { return kSets[static_cast<std::size_t>(id)]; }

}  // namespace

std::array<SetId, kSetCount> all_sets() {
  std::array<SetId, kSetCount> ids{};
  for (std::size_t i = 0; i < kSetCount; ++i) ids[i] = kSets[i].id;
  return ids;
}

std::string set_name(SetId id, base::Family family) {
  std::string name = family == base::Family::kIpv4 ? "KUBE-" : "KUBE-6-";
  name += row(id).suffix;
  if (name.size() > kMaxNameLength) name.resize(kMaxNameLength);
  return name;
}

netconf::IpsetType set_type(SetId id) { return row(id).type; }

bool made_at_need(SetId id) { return id == SetId::kInside || id == SetId::kInsideMark; }

bool steers(SetId id) { return id == SetId::kInside; }

// Marks belong to the address itself, whoever has it; loopback entries are about endpoints.
bool names_a_face(SetId id) {
  return set_type(id) != IpsetType::kBitmapPort && id != SetId::kLoopBack &&
         id != SetId::kIpvsIps && id != SetId::kInsideMark;
}

std::optional<SetId> node_ports_behind(SetId id) {
  switch (id) {
    case SetId::kNodePortTcp:
    case SetId::kNodePortLocalTcp: return SetId::kNodePortTcp;
    case SetId::kNodePortUdp:
    case SetId::kNodePortLocalUdp: return SetId::kNodePortUdp;
    default: return std::nullopt;
  }
}

std::string_view set_comment(SetId id) { return row(id).comment; }

}  // namespace agent

std::size_t std::hash<netconf::IpsetEntry>::operator()(
    const netconf::IpsetEntry& entry) const noexcept {
  // Without the mark, which is no part of the key.
  std::hash<base::IpAddress> address_hash;
  std::size_t mixed = address_hash(entry.ip);
  mixed = mixed * 31 + address_hash(entry.ip2);
  mixed = mixed * 31 + entry.port;
  mixed = mixed * 31 + static_cast<std::size_t>(entry.protocol);
  return mixed * 31 + entry.prefix2;
}

std::size_t std::hash<agent::SetEntry>::operator()(const agent::SetEntry& entry) const noexcept {
  return std::hash<netconf::IpsetEntry>()(entry.entry) * 31 +
         static_cast<std::size_t>(entry.set) * 2 + static_cast<std::size_t>(entry.family);
}
