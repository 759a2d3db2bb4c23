#ifndef IPVS_AGENT_AGENT_DESIRED_HOST_H_
#define IPVS_AGENT_AGENT_DESIRED_HOST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "agent/service_plan.h"
#include "agent/service_sets.h"
#include "watchers/objects.h"

namespace agent {

// Things of the host that something happened to: a plan changed them, a retry is due, or the kernel
// was found to differ. Each of them is compared, desired against believed, in the next round.
struct Touched {
  std::vector<ipvs::VirtualServerKey> virtual_servers;
  std::vector<base::IpAddress> addresses;
  std::vector<SetEntry> set_entries;

  bool empty() const { return virtual_servers.empty() && addresses.empty() && set_entries.empty(); }
  // Each thing once, in order.
  void normalise();
  void append(const Touched& other);
};

// How many Services have a traffic policy Local and usable endpoints, but none on this node; by
// family, IPv4 first.
struct NoLocalCounts {
  std::array<std::size_t, 2> internal{};
  std::array<std::size_t, 2> external{};

  friend bool operator==(const NoLocalCounts&, const NoLocalCounts&) = default;
};

// The union of all ServicePlans: what the host shall hold. Things that several Services want are
// counted; a virtual server that several claim belongs to the one whose kind of address comes first
// in VipKind, then whose namespace/name comes first, whatever order the claims came in.
//
// Threading: one owner.
class DesiredHost {
 public:
  // Replaces the plan of a Service; an empty plan forgets it. Returns what is or was wanted by the
  // difference of the two plans: its size depends on that difference only.
  Touched set_plan(const watchers::ObjectKey& service, ServicePlan plan);

  // Null where no such virtual server is wanted.
  const PlannedVirtualServer* virtual_server(const ipvs::VirtualServerKey& key) const;
  // Of a wanted virtual server; none where it is not wanted.
  const RealServerList& real_servers(const ipvs::VirtualServerKey& key) const;
  // The Service that a wanted virtual server belongs to; null where it is not wanted.
  const watchers::ObjectKey* owner(const ipvs::VirtualServerKey& key) const;
  // The other Services that claim it, in no particular order.
  std::vector<watchers::ObjectKey> losers(const ipvs::VirtualServerKey& key) const;
  bool wants(const base::IpAddress& address) const { return addresses_.contains(address); }
  // An entry about an address, port and protocol, or a node port, is wanted only while that belongs
  // to a Service that wants it: nobody masquerades, restricts or leads away another's clients.
  bool wants(const SetEntry& entry) const;

  const NoLocalCounts& no_local_endpoints() const { return no_local_; }

  // Null where the Service has no plan, or an empty one.
  const ServicePlan* plan(const watchers::ObjectKey& service) const;
  const std::unordered_map<watchers::ObjectKey, ServicePlan>& plans() const { return plans_; }

  std::size_t virtual_server_count() const { return claims_.size(); }
  std::size_t address_count() const { return addresses_.size(); }
  // In no order, each once.
  std::vector<ipvs::VirtualServerKey> virtual_server_keys() const;
  // Everything that is wanted.
  Touched everything() const;

 private:
  using Claim = const std::unordered_map<watchers::ObjectKey, ServicePlan>::value_type*;

  // Both return whether another Service claims it too.
  bool claim(Claim service, const ipvs::VirtualServerKey& key);
  bool unclaim(Claim service, const ipvs::VirtualServerKey& key);
  void count_address(const base::IpAddress& address, int difference, Touched& touched);
  void touch_entries(const ipvs::VirtualServerKey& key, Touched& touched) const;
  void count_entry(Claim service, const SetEntry& entry, int difference, Touched& touched);
  void claim_node_port(Claim service, const SetEntry& entry, bool comes, Touched& touched);
  static Claim first_by_name(const std::vector<Claim>& claims);
  Claim winner(const std::vector<Claim>& claims, const ipvs::VirtualServerKey& key) const;

  std::unordered_map<watchers::ObjectKey, ServicePlan> plans_;
  std::unordered_map<ipvs::VirtualServerKey, std::vector<Claim>> claims_;
  std::unordered_map<base::IpAddress, std::uint32_t> addresses_;
  std::unordered_map<SetEntry, std::uint32_t> set_entries_;
  // By entry of the set of all node ports of a protocol.
  std::unordered_map<SetEntry, std::vector<Claim>> node_ports_;
  NoLocalCounts no_local_;
};

// The position of a set in an array of all sets of both families.
constexpr std::size_t set_index(SetId set, base::Family family) {
  return static_cast<std::size_t>(set) * 2 + (family == base::Family::kIpv6 ? 1 : 0);
}

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_DESIRED_HOST_H_
