#ifndef IPVS_AGENT_AGENT_MASQUERADE_RULES_H_
#define IPVS_AGENT_AGENT_MASQUERADE_RULES_H_

#include <bitset>
#include <string>
#include <vector>

#include "agent/echo_answer.h"
#include "agent/local_detector.h"
#include "agent/rule_book.h"
#include "agent/service_sets.h"
#include "base/ip_address.h"
#include "netconf/iptables_rules.h"

namespace agent {

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

// `filled` says which sets have entries: rules about empty ones are left out where kube-proxy does
// so. Rules that name a set outside of `usable` (it could not be made) are always left out, because
// one such rule would make the kernel refuse all of them.
RuleBook render_rules(const RulesPolicy& policy, base::Family family, SetMask filled,
                      SetMask usable);

// The tables that the rules live in.
std::vector<std::string> rule_tables();
// Those of them that the agent cannot do without.
std::vector<std::string> needed_rule_tables();
// Whether the operation concerns rules that kube-proxy does not have, and that the agent can do
// without: those of the table mangle.
bool is_dispensable(const netconf::IptablesOp& op);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_MASQUERADE_RULES_H_
