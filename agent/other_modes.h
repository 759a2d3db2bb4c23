#ifndef IPVS_AGENT_AGENT_OTHER_MODES_H_
#define IPVS_AGENT_AGENT_OTHER_MODES_H_

#include <string>
#include <string_view>
#include <vector>

#include "netconf/iptables_rules.h"
#include "netconf/nft_tables.h"

namespace agent {

// What kube-proxy's other modes leave on a node: the chains and jumps of its iptables mode, and
// nftables' tables ip and ip6 kube-proxy of its nftables mode. As of v1.36 (pkg/proxy/iptables and
// pkg/proxy/nftables, CleanupLeftovers). What kubelet, network plugins and others make is no part
// of it, KUBE-FIREWALL, KUBE-KUBELET-CANARY, KUBE-IPTABLES-HINT and KUBE-MARK-DROP among them.

// Whether the rules of one family, of the table nat at least, still are those of the iptables mode:
// its KUBE-SERVICES leads to chains of Services. The chains whose names both modes use are then
// that mode's.
bool iptables_mode_serves(const netconf::IptablesState& rules);

// The operations that take away what the iptables mode left in the rules of one family, where our
// own rules stand already: jumps first, and a chain that anything else still leads to stays, with
// what it leads to. Cut into parts for one apply() each, in order, because one of all chains of a
// large cluster would take too long. Empty where nothing is left.
std::vector<std::vector<netconf::IptablesOp>> without_iptables_mode(
    const netconf::IptablesState& rules);

// Whether the chain, or what a jump leads to, has a name that the iptables mode uses as well.
bool shared_with_iptables_mode(std::string_view table, std::string_view chain);

// Whether this is a table of the nftables mode.
bool of_nftables_mode(const netconf::NftTable& table);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_OTHER_MODES_H_
