#ifndef IPVS_AGENT_AGENT_MASQUERADE_RULES_H_
#define IPVS_AGENT_AGENT_MASQUERADE_RULES_H_

#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/echo_answer.h"
#include "agent/service_sets.h"
#include "base/ip_address.h"
#include "netconf/iptables_rules.h"

namespace agent {

// How traffic that comes from pods of this node is told from other traffic.
struct LocalDetector {
  enum class Kind : std::uint8_t { kNone, kPodCidr, kBridgeInterface, kInterfacePrefix };
  Kind kind = Kind::kNone;
  std::vector<base::IpPrefix> pod_cidrs;  // kPodCidr: the first of a family counts
  std::string interface;                  // kBridgeInterface, kInterfacePrefix
};

// What of the configuration the rules depend on.
struct RulesPolicy {
  int masquerade_bit = 14;  // 0-31: packets to be masqueraded carry the mark 1 << bit
  bool masquerade_all = false;
  LocalDetector local_detector;
  bool random_fully = true;  // MASQUERADE takes --random-fully
  EchoAnswer echo = EchoAnswer::kReject;
};

// One bit a SetId.
using SetMask = std::bitset<kSetCount>;

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

// `filled` says which sets have entries: rules about empty ones are left out where kube-proxy does
// so. Rules that name a set outside of `usable` (it could not be made) are always left out, because
// one such rule would make the kernel refuse all of them.
RuleBook render_rules(const RulesPolicy& policy, base::Family family, SetMask filled,
                      SetMask usable);

// The operations that bring `actual` to the rule book: chains that differ are written whole, jumps
// that are missing are inserted. Empty where nothing differs.
std::vector<netconf::IptablesOp> rules_change(const RuleBook& desired,
                                              const netconf::IptablesState& actual);

// The state after the operations.
netconf::IptablesState after(netconf::IptablesState state,
                             const std::vector<netconf::IptablesOp>& ops);

// The tables that the rules live in.
std::vector<std::string> rule_tables();
// Whether the operation concerns rules that kube-proxy does not have, and that the agent can do
// without: those of the table mangle.
bool is_dispensable(const netconf::IptablesOp& op);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_MASQUERADE_RULES_H_
