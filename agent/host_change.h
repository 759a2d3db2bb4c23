#ifndef IPVS_AGENT_AGENT_HOST_CHANGE_H_
#define IPVS_AGENT_AGENT_HOST_CHANGE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/believed_host.h"
#include "agent/desired_host.h"
#include "agent/drains.h"
#include "ipvs/ipvs_table.h"
#include "netconf/address_table.h"

namespace agent {

// The operations that bring some things of the host from what is believed to what is desired, in
// the order in which they must run:
//   an address leaves before its virtual servers do, and comes after them, so that no packet meets
//   an address without a service; one that stays gets its new virtual servers before it loses the
//   old ones; set entries, and the masquerade rules that need them, come before the virtual server
//   and leave after it, so that nothing is forwarded before its rule exists; real servers are added
//   before others are taken away; entries that lead packets to other virtual servers (steers())
//   come when those are complete, and go before them.
struct HostChange {
  std::vector<netconf::AddressOp> unbind;
  std::vector<SetEntry> stop_steering;
  std::vector<SetEntry> add_entries;
  std::vector<ipvs::IpvsOp> serve;   // virtual servers made or edited, and their real servers
  std::vector<ipvs::IpvsOp> remove;  // virtual servers that nothing wants
  std::vector<netconf::AddressOp> bind;
  std::vector<SetEntry> steer;
  std::vector<SetEntry> remove_entries;
  // For every virtual server that was compared: which of its real servers drain now.
  std::vector<std::pair<ipvs::VirtualServerKey, std::vector<ipvs::RealServerKey>>> draining;

  // How many operations; drains that already stand at weight 0 need none.
  std::size_t size() const {
    return unbind.size() + stop_steering.size() + remove.size() + add_entries.size() +
           serve.size() + bind.size() + steer.size() + remove_entries.size();
  }
  bool empty() const { return size() == 0; }
  // Puts the operations of another change behind those of the same kind.
  void append(const HostChange& other);
  // One line an operation, in order, in the grammar of ipvsadm -R, ip -batch or ipset restore, each
  // behind the name of its tool: "ipvsadm -a -t 10.96.0.1:80 -r 10.244.1.5:8080 -m -w 1".
  std::vector<std::string> lines(std::string_view device) const;
};

// Compares each touched thing, desired against believed. The cost depends on what is touched. A
// real server that nothing wants is drained where the protocol has connections (TCP, SCTP), unless
// its drain is finished, and deleted otherwise.
HostChange diff(const Touched& touched, const DesiredHost& desired, const BelievedHost& believed,
                const Drains& drains);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_HOST_CHANGE_H_
