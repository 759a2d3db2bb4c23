#include "agent/masquerade_rules.h"

#include <cstdio>
#include <utility>

#include "agent/own_rules.h"
#include "agent/set_matches.h"

namespace agent {
namespace {

using base::Family;
using netconf::IptablesChain;

constexpr char kMarkMasq[] = "KUBE-MARK-MASQ";

std::string hex_mark(int bit) {
  char text[16];
  std::snprintf(text, sizeof(text), "0x%x", 1u << bit);
  return text;
}

class Renderer {
 public:
  Renderer(const RulesPolicy& policy, Family family, SetMask filled, SetMask usable)
      : policy_(policy),
        family_(family),
        sets_(family, filled, usable),
        mark_(hex_mark(policy.masquerade_bit)) {}

  RuleBook render() {
    RuleBook book;
    book.chains = {services(),
                   load_balancer(),
                   node_port(),
                   mark_masq(),
                   postrouting(),
                   forward(),
                   filter_node_port(),
                   proxy_firewall(),
                   source_ranges(),
                   ipvs_filter(),
                   {"filter", "KUBE-IPVS-OUT-FILTER", {}}};
    auto jump = [&](const char* table, const char* from, const char* why, const char* to) {
      book.jumps.push_back({table, from, comment_match(why) + " -j " + to});
    };
    jump("nat", "OUTPUT", "kubernetes service portals", "KUBE-SERVICES");
    jump("nat", "PREROUTING", "kubernetes service portals", "KUBE-SERVICES");
    jump("nat", "POSTROUTING", "kubernetes postrouting rules", "KUBE-POSTROUTING");
    jump("filter", "FORWARD", "kubernetes forwarding rules", "KUBE-FORWARD");
    jump("filter", "INPUT", "kubernetes health check rules", "KUBE-NODE-PORT");
    jump("filter", "INPUT", "kube-proxy firewall rules", "KUBE-PROXY-FIREWALL");
    jump("filter", "FORWARD", "kube-proxy firewall rules", "KUBE-PROXY-FIREWALL");
    jump("filter", "INPUT", "kubernetes ipvs access filter", "KUBE-IPVS-FILTER");
    jump("filter", "OUTPUT", "kubernetes ipvs access filter", "KUBE-IPVS-OUT-FILTER");
    RuleBook own = own_rules(sets_, policy_.local_detector, set_mark());
    book.chains.insert(book.chains.end(), own.chains.begin(), own.chains.end());
    book.jumps.insert(book.jumps.end(), own.jumps.begin(), own.jumps.end());
    book.idle_chains = std::move(own.idle_chains);
    book.idle_jumps = std::move(own.idle_jumps);
    return book;
  }

 private:
  std::string set_mark() const { return "-j MARK --set-xmark " + mark_ + "/" + mark_; }

  IptablesChain services() const {
    IptablesChain chain{"nat", "KUBE-SERVICES", {}};
    std::vector<std::string>& rules = chain.rules;
    rules.emplace_back(family_ == Family::kIpv4 ? "-s 127.0.0.0/8 -j RETURN"
                                                : "-s ::1/128 -j RETURN");
    if (sets_.filled(SetId::kLoadBalancer)) {
      rules.push_back(sets_.commented(SetId::kLoadBalancer, "dst,dst") + " -j KUBE-LOAD-BALANCER");
    }
    if (sets_.filled(SetId::kClusterIp)) rules.push_back(cluster_ip_masquerade());
    if (sets_.filled(SetId::kExternalIp)) {
      rules.push_back(sets_.commented(SetId::kExternalIp, "dst,dst") + " -j " + kMarkMasq);
    }
    for (SetId set : {SetId::kExternalIp, SetId::kExternalIpLocal}) {
      if (!sets_.filled(set)) continue;
      rules.push_back(sets_.commented(set, "dst,dst") +
                      " -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j ACCEPT");
      rules.push_back(sets_.commented(set, "dst,dst") + " -m addrtype --dst-type LOCAL -j ACCEPT");
    }
    rules.emplace_back("-m addrtype --dst-type LOCAL -j KUBE-NODE-PORT");
    // Before rules of others that treat every local address as the node's (CNI host ports).
    for (SetId set : {SetId::kClusterIp, SetId::kLoadBalancer}) {
      if (sets_.filled(set)) rules.push_back(sets_.in(set, "dst,dst") + " -j ACCEPT");
    }
    return chain;
  }

  std::string cluster_ip_masquerade() const {
    std::string rule = sets_.commented(SetId::kClusterIp, "dst,dst") + " -j " + kMarkMasq;
    if (policy_.masquerade_all) return rule;
    std::string from_pods = not_from_pods();
    if (!from_pods.empty()) return from_pods + " " + rule;
    // Nothing tells pods from others: at least the node's own traffic, whose source address may
    // have become the ClusterIP, is repaired.
    return sets_.commented(SetId::kClusterIp, "src,dst") + " -j " + kMarkMasq;
  }

  std::string not_from_pods() const {
    std::string pods = match_from_pods(policy_.local_detector, family_);
    return pods.empty() ? "" : "! " + pods;
  }

  IptablesChain load_balancer() const {
    IptablesChain chain{"nat", "KUBE-LOAD-BALANCER", {}};
    if (sets_.filled(SetId::kLoadBalancerLocal)) {
      chain.rules.push_back(sets_.commented(SetId::kLoadBalancerLocal, "dst,dst") + " -j RETURN");
    }
    chain.rules.push_back(std::string("-j ") + kMarkMasq);
    return chain;
  }

  IptablesChain node_port() const {
    struct Row {
      const char* protocol;
      SetId local;
      SetId all;
      const char* directions;
    };
    static constexpr Row kRows[] = {
        {"tcp", SetId::kNodePortLocalTcp, SetId::kNodePortTcp, "dst"},
        {"udp", SetId::kNodePortLocalUdp, SetId::kNodePortUdp, "dst"},
        {"sctp", SetId::kNodePortLocalSctp, SetId::kNodePortSctp, "dst,dst"},
    };
    IptablesChain chain{"nat", "KUBE-NODE-PORT", {}};
    for (const Row& row : kRows) {
      std::string protocol = std::string("-p ") + row.protocol + " ";
      if (sets_.filled(row.local)) {
        chain.rules.push_back(protocol + sets_.commented(row.local, row.directions) + " -j RETURN");
      }
      if (sets_.filled(row.all)) {
        chain.rules.push_back(protocol + sets_.commented(row.all, row.directions) + " -j " +
                              kMarkMasq);
      }
    }
    return chain;
  }

  IptablesChain mark_masq() const { return {"nat", kMarkMasq, {set_mark()}}; }

  IptablesChain postrouting() const {
    IptablesChain chain{"nat", "KUBE-POSTROUTING", {}};
    if (sets_.filled(SetId::kLoopBack)) {
      chain.rules.push_back(sets_.commented(SetId::kLoopBack, "dst,dst,src") + masquerade());
    }
    chain.rules.push_back("-m mark ! --mark " + mark_ + "/" + mark_ + " -j RETURN");
    // Clears the mark, so that the packet is not masqueraded twice if it comes by again.
    chain.rules.push_back("-j MARK --set-xmark " + mark_ + "/0x0");
    chain.rules.push_back(comment_match("kubernetes service traffic requiring SNAT") +
                          masquerade());
    return chain;
  }

  // Without random ports, two flows that look for a free one at the same moment take the same, and
  // one of them is dropped.
  std::string masquerade() const {
    return std::string(" -j MASQUERADE") + (policy_.random_fully ? " --random-fully" : "");
  }

  IptablesChain forward() const {
    return {"filter",
            "KUBE-FORWARD",
            {comment_match("kubernetes forwarding rules") + " -m mark --mark " + mark_ + "/" +
                 mark_ + " -j ACCEPT",
             comment_match("kubernetes forwarding conntrack rule") +
                 " -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"}};
  }

  IptablesChain filter_node_port() const {
    IptablesChain chain{"filter", "KUBE-NODE-PORT", {}};
    if (sets_.usable(SetId::kHealthCheckNodePort)) {
      chain.rules.push_back(sets_.commented(SetId::kHealthCheckNodePort, "dst") + " -j ACCEPT");
    }
    return chain;
  }

  IptablesChain proxy_firewall() const {
    IptablesChain chain{"filter", "KUBE-PROXY-FIREWALL", {}};
    if (sets_.filled(SetId::kLoadBalancerFw)) {
      chain.rules.push_back(sets_.commented(SetId::kLoadBalancerFw, "dst,dst") +
                            " -j KUBE-SOURCE-RANGES-FIREWALL");
    }
    return chain;
  }

  IptablesChain source_ranges() const {
    IptablesChain chain{"filter", "KUBE-SOURCE-RANGES-FIREWALL", {}};
    for (SetId set : {SetId::kLoadBalancerSourceCidr, SetId::kLoadBalancerSourceIp}) {
      if (!sets_.filled(set)) continue;
      chain.rules.push_back(sets_.commented(set, "dst,dst,src") + " -j RETURN");
    }
    chain.rules.emplace_back("-j DROP");
    return chain;
  }

  // The node's own ports must not be reached through service addresses.
  IptablesChain ipvs_filter() const {
    IptablesChain chain{"filter", "KUBE-IPVS-FILTER", {}};
    for (SetId set :
         {SetId::kLoadBalancer, SetId::kClusterIp, SetId::kExternalIp, SetId::kExternalIpLocal}) {
      if (sets_.usable(set)) chain.rules.push_back(sets_.in(set, "dst,dst") + " -j RETURN");
    }
    if (sets_.usable(SetId::kHealthCheckNodePort)) {
      chain.rules.push_back(sets_.in(SetId::kHealthCheckNodePort, "dst") + " -j RETURN");
    }
    if (sets_.usable(SetId::kIpvsIps) && policy_.echo != EchoAnswer::kReject) {
      chain.rules.push_back((family_ == Family::kIpv4
                                 ? "-p icmp -m icmp --icmp-type 8 "
                                 : "-p ipv6-icmp -m icmp6 --icmpv6-type 128 ") +
                            sets_.in(SetId::kIpvsIps, "dst") +
                            (policy_.echo == EchoAnswer::kAnswer ? " -j RETURN" : " -j DROP"));
    }
    if (sets_.usable(SetId::kIpvsIps)) {
      chain.rules.push_back(
          "-m conntrack --ctstate NEW " + sets_.in(SetId::kIpvsIps, "dst") +
          " -j REJECT --reject-with " +
          (family_ == Family::kIpv4 ? "icmp-port-unreachable" : "icmp6-port-unreachable"));
    }
    return chain;
  }

  const RulesPolicy& policy_;
  Family family_;
  SetMatches sets_;
  std::string mark_;
};

}  // namespace

RuleBook render_rules(const RulesPolicy& policy, Family family, SetMask filled, SetMask usable) {
  return Renderer(policy, family, filled, usable).render();
}

std::vector<std::string> rule_tables() { return {"nat", "filter", "mangle"}; }

std::vector<std::string> needed_rule_tables() { return {"nat", "filter"}; }

bool is_dispensable(const netconf::IptablesOp& op) { return table_of(op) == "mangle"; }

}  // namespace agent
