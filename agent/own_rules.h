#ifndef IPVS_AGENT_AGENT_OWN_RULES_H_
#define IPVS_AGENT_AGENT_OWN_RULES_H_

#include <string>

#include "agent/local_detector.h"
#include "agent/rule_book.h"
#include "agent/set_matches.h"

namespace agent {

// The rules that kube-proxy does not have. They are in the table mangle: the only one in which
// a set may give a packet its mark, and before nat and IPVS. Clients inside the cluster (pods of
// this node, the node itself) reach addresses of externalTrafficPolicy Local by the marks of
// inside_marks.h; and the node's own packets are held to the source ranges of load balancers.
// `set_masquerade_mark` is the target for packets to be masqueraded.
RuleBook own_rules(const SetMatches& sets, const LocalDetector& detector,
                   const std::string& set_masquerade_mark);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_OWN_RULES_H_
