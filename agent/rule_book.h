#ifndef IPVS_AGENT_AGENT_RULE_BOOK_H_
#define IPVS_AGENT_AGENT_RULE_BOOK_H_

#include <string>
#include <vector>

#include "netconf/iptables_rules.h"

namespace agent {

// A rule that must stand in a chain that is not ours.
struct IptablesJump {
  std::string table;
  std::string chain;  // a built-in chain
  std::string rule;   // as in netconf::IptablesChain
};

// The chains and jumps of one family: kube-proxy's, so that taking over from it changes nothing.
// Their number depends on the policy and on which sets have entries, never on the number of
// Services. Every text is spelled as iptables-save prints it.
struct RuleBook {
  std::vector<netconf::IptablesChain> chains;
  // In the order in which they are put in front of what the chain holds.
  std::vector<IptablesJump> jumps;
  // Chains that kube-proxy does not have, and that have nothing to do now, with the jumps to them:
  // neither is there.
  std::vector<netconf::IptablesChain> idle_chains;
  std::vector<IptablesJump> idle_jumps;
};

// The operations that bring `actual` to the rule book: chains that differ are written whole, jumps
// that are missing are inserted. Empty where nothing differs.
std::vector<netconf::IptablesOp> rules_change(const RuleBook& desired,
                                              const netconf::IptablesState& actual);

// The state after the operations.
netconf::IptablesState after(netconf::IptablesState state,
                             const std::vector<netconf::IptablesOp>& ops);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_RULE_BOOK_H_
