#ifndef IPVS_AGENT_AGENT_BELIEVED_HOST_H_
#define IPVS_AGENT_AGENT_BELIEVED_HOST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "agent/desired_host.h"
#include "agent/real_server_list.h"
#include "agent/service_sets.h"
#include "ipvs/ipvs_table.h"
#include "netconf/address_table.h"
#include "netconf/ipset_table.h"

namespace agent {

// A virtual server as we believe the kernel to hold it.
struct BelievedVirtualServer {
  ipvs::VirtualServer server;
  RealServerList real_servers;

  friend bool operator==(const BelievedVirtualServer&, const BelievedVirtualServer&) = default;
};

// What the kernel holds, as far as we know: what was read last and what was done since. It has our
// own things only; what belongs to others is not in it.
//
// Threading: one owner.
class BelievedHost {
 public:
  // --- what an operation did -----------------------------------------------------------------
  // Takes note of an operation that the kernel has carried out.
  void done(const ipvs::IpvsOp& op);
  // The same for a new virtual server with all its real servers, whose memory is used.
  void made(const ipvs::VirtualServer& server, const RealServerList& real_servers);
  void done(const netconf::AddressOp& op);
  // A mark is no part of an entry's key: one that had another is gone with it.
  void add(const SetEntry& entry);
  void remove(const SetEntry& entry);

  // --- what a read showed ----------------------------------------------------------------------
  // Replaces what is believed of one virtual server. Returns whether it was believed differently.
  // Where the real servers are those that are wanted, both use the same memory.
  bool observe(const ipvs::VirtualServerState& state, const RealServerList& wanted = {});
  // The kernel has no such virtual server. Returns whether one was believed to be there.
  bool observe_absent(const ipvs::VirtualServerKey& key);
  // Replaces all addresses of the service device; returns those believed differently.
  std::vector<base::IpAddress> observe_addresses(const std::vector<base::IpAddress>& bound);
  // Replaces the entries of one set; returns those believed differently.
  std::vector<SetEntry> observe_set(SetId set, base::Family family,
                                    const std::vector<netconf::IpsetEntry>& entries);

  // --- what is there -----------------------------------------------------------------------------
  // Lets what is believed use the memory of what is wanted, if they are the same.
  void share(const ipvs::VirtualServerKey& key, const RealServerList& wanted);

  // Null where there is none.
  const BelievedVirtualServer* virtual_server(const ipvs::VirtualServerKey& key) const;
  // Whether the virtual server is there and has the real server.
  bool answers(const ipvs::VirtualServerKey& key, const ipvs::RealServerKey& server) const;
  bool holds(const base::IpAddress& address) const { return addresses_.contains(address); }
  bool holds(const SetEntry& entry) const;
  // How many virtual servers answer on an address.
  std::size_t virtual_servers_on(const base::IpAddress& address) const;

  const std::unordered_map<ipvs::VirtualServerKey, BelievedVirtualServer>& virtual_servers() const {
    return virtual_servers_;
  }
  const std::unordered_set<base::IpAddress>& addresses() const { return addresses_; }
  const std::unordered_set<netconf::IpsetEntry>& set(SetId set, base::Family family) const {
    return sets_[set_index(set, family)];
  }
  std::size_t real_server_count() const { return real_server_count_; }
  // Everything that is believed to be there.
  Touched everything() const;

 private:
  BelievedVirtualServer& insert(const ipvs::VirtualServer& server);
  void erase(const ipvs::VirtualServerKey& key);

  std::unordered_map<ipvs::VirtualServerKey, BelievedVirtualServer> virtual_servers_;
  std::unordered_map<base::IpAddress, std::uint32_t> virtual_servers_on_;
  std::unordered_set<base::IpAddress> addresses_;
  std::array<std::unordered_set<netconf::IpsetEntry>, kSetCount * 2> sets_;
  std::size_t real_server_count_ = 0;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_BELIEVED_HOST_H_
