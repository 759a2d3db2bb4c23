#include "agent/own_rules.h"

#include <utility>
#include <vector>

namespace agent {
namespace {

using netconf::IptablesChain;

constexpr char kTable[] = "mangle";
constexpr char kFromPods[] = "KUBE-INSIDE-PODS";
constexpr char kFromNode[] = "KUBE-INSIDE-NODE";

bool steers_inside(const SetMatches& sets) {
  return sets.filled(SetId::kInside) && sets.filled(SetId::kInsideMark);
}

// The first packet of a connection to an address of externalTrafficPolicy Local: IPVS remembers
// what it chose for it, and later packets, which may leave this host in a tunnel, go unmarked.
std::string new_to_inside(const SetMatches& sets) {
  return "-m conntrack --ctstate NEW " + sets.in(SetId::kInside, "dst,dst");
}

std::string give_mark(const SetMatches& sets) {
  return " -j SET --map-set " + set_name(SetId::kInsideMark, sets.family()) + " dst,dst --map-mark";
}

// The node's own packets pass IPVS before the table filter, and have another destination there:
// kube-proxy asks there, with a rule for each address, where they came from. Here they are asked
// before.
std::vector<std::string> source_ranges(const SetMatches& sets) {
  std::vector<std::string> rules;
  if (!sets.filled(SetId::kLoadBalancerFw)) return rules;
  for (SetId set : {SetId::kLoadBalancerSourceCidr, SetId::kLoadBalancerSourceIp}) {
    if (sets.filled(set)) rules.push_back(sets.in(set, "dst,dst,src") + " -j RETURN");
  }
  rules.push_back(sets.in(SetId::kLoadBalancerFw, "dst,dst") + " -j DROP");
  return rules;
}

IptablesChain from_pods(const SetMatches& sets, const LocalDetector& detector) {
  IptablesChain chain{kTable, kFromPods, {}};
  std::string pods = match_from_pods(detector, sets.family());
  if (steers_inside(sets) && !pods.empty()) {
    chain.rules.push_back(pods + " " + new_to_inside(sets) + give_mark(sets));
  }
  return chain;
}

// The node's own packets are masqueraded: their source may have become the service's address.
IptablesChain from_node(const SetMatches& sets, const std::string& set_masquerade_mark) {
  IptablesChain chain{kTable, kFromNode, source_ranges(sets)};
  if (steers_inside(sets)) {
    chain.rules.insert(chain.rules.begin(), {new_to_inside(sets) + give_mark(sets),
                                             new_to_inside(sets) + " " + set_masquerade_mark});
  }
  return chain;
}

}  // namespace

RuleBook own_rules(const SetMatches& sets, const LocalDetector& detector,
                   const std::string& set_masquerade_mark) {
  RuleBook book;
  auto add = [&](IptablesChain chain, const char* from) {
    const bool idle = chain.rules.empty();
    (idle ? book.idle_jumps : book.jumps)
        .push_back({chain.table, from,
                    comment_match("ipvs-agent: clients inside the cluster") + " -j " + chain.name});
    (idle ? book.idle_chains : book.chains).push_back(std::move(chain));
  };
  add(from_pods(sets, detector), "PREROUTING");
  add(from_node(sets, set_masquerade_mark), "OUTPUT");
  return book;
}

}  // namespace agent
