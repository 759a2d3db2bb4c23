#ifndef IPVS_AGENT_AGENT_ADOPTION_H_
#define IPVS_AGENT_AGENT_ADOPTION_H_

#include <cstddef>
#include <optional>

#include "agent/believed_host.h"
#include "agent/desired_host.h"
#include "netconf/iptables_rules.h"

namespace agent {

// What the first read of the kernel showed of virtual servers that are wanted and that no agent of
// this node had left: kube-proxy's IPVS mode, most likely.
struct Adoption {
  std::size_t found = 0;            // virtual servers that are wanted, whatever they were like
  std::size_t virtual_servers = 0;  // of these, those that stay as they were
  std::size_t real_servers = 0;     // those that stay as they were

  friend bool operator==(const Adoption&, const Adoption&) = default;
};

// No value where no virtual server that is wanted was there.
std::optional<Adoption> adoption_of(const BelievedHost& found, const DesiredHost& desired);

// Whether rules of one family are as kube-proxy's IPVS mode writes them and an agent does not: the
// chains bear the same names, so that the last writer's are there. A rule in KUBE-IPVS-OUT-FILTER,
// which an agent leaves empty; hairpin traffic masqueraded without random ports and other traffic
// with them, where an agent writes both with or both without. False says nothing: on a node without
// endpoints of its own kube-proxy writes what an agent writes.
bool written_by_kube_proxy(const netconf::IptablesState& rules);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_ADOPTION_H_
