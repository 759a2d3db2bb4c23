#include "agent/masquerade_rules.h"

#include <cstdio>
#include <string_view>
#include <utility>

namespace agent {
namespace {

using base::Family;
using netconf::IptablesChain;

constexpr char kMarkMasq[] = "KUBE-MARK-MASQ";
// Ours, in the table mangle: the only one in which a set may give a packet its mark, and before nat
// and IPVS.
constexpr char kFromPods[] = "KUBE-INSIDE-PODS";
constexpr char kFromNode[] = "KUBE-INSIDE-NODE";

std::string hex_mark(int bit) {
  char text[16];
  std::snprintf(text, sizeof(text), "0x%x", 1u << bit);
  return text;
}

// iptables-save puts a backslash before quotes inside a comment.
std::string comment(std::string_view text) {
  std::string quoted = "-m comment --comment \"";
  for (char c : text) {
    if (c == '\'' || c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

class Renderer {
 public:
  Renderer(const RulesPolicy& policy, Family family, SetMask filled, SetMask usable)
      : policy_(policy),
        family_(family),
        filled_(filled & usable),
        usable_(usable),
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
      book.jumps.push_back({table, from, comment(why) + " -j " + to});
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
    auto own = [&](const IptablesChain& chain, const char* from) {
      const std::string why = comment("ipvs-agent: clients inside the cluster");
      const IptablesJump to_it{chain.table, from, why + " -j " + chain.name};
      (chain.rules.empty() ? book.idle_chains : book.chains).push_back(chain);
      (chain.rules.empty() ? book.idle_jumps : book.jumps).push_back(to_it);
    };
    own(from_pods_chain(), "PREROUTING");
    own(from_node_chain(), "OUTPUT");
    return book;
  }

 private:
  bool filled(SetId set) const { return filled_[static_cast<std::size_t>(set)]; }
  bool usable(SetId set) const { return usable_[static_cast<std::size_t>(set)]; }

  // "-m set --match-set KUBE-CLUSTER-IP dst,dst"
  std::string in(SetId set, std::string_view directions) const {
    std::string text = "-m set --match-set " + set_name(set, family_) + " ";
    text += directions;
    return text;
  }
  std::string commented(SetId set, std::string_view directions) const {
    return comment(set_comment(set)) + " " + in(set, directions);
  }

  IptablesChain services() const {
    IptablesChain chain{"nat", "KUBE-SERVICES", {}};
    std::vector<std::string>& rules = chain.rules;
    rules.emplace_back(family_ == Family::kIpv4 ? "-s 127.0.0.0/8 -j RETURN"
                                                : "-s ::1/128 -j RETURN");
    if (filled(SetId::kLoadBalancer)) {
      rules.push_back(commented(SetId::kLoadBalancer, "dst,dst") + " -j KUBE-LOAD-BALANCER");
    }
    if (filled(SetId::kClusterIp)) rules.push_back(cluster_ip_masquerade());
    if (filled(SetId::kExternalIp)) {
      rules.push_back(commented(SetId::kExternalIp, "dst,dst") + " -j " + kMarkMasq);
    }
    for (SetId set : {SetId::kExternalIp, SetId::kExternalIpLocal}) {
      if (!filled(set)) continue;
      rules.push_back(commented(set, "dst,dst") +
                      " -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j ACCEPT");
      rules.push_back(commented(set, "dst,dst") + " -m addrtype --dst-type LOCAL -j ACCEPT");
    }
    rules.emplace_back("-m addrtype --dst-type LOCAL -j KUBE-NODE-PORT");
    // Before rules of others that treat every local address as the node's (CNI host ports).
    for (SetId set : {SetId::kClusterIp, SetId::kLoadBalancer}) {
      if (filled(set)) rules.push_back(in(set, "dst,dst") + " -j ACCEPT");
    }
    return chain;
  }

  std::string cluster_ip_masquerade() const {
    std::string rule = commented(SetId::kClusterIp, "dst,dst") + " -j " + kMarkMasq;
    if (policy_.masquerade_all) return rule;
    std::string from_pods = not_from_pods();
    if (!from_pods.empty()) return from_pods + " " + rule;
    // Nothing tells pods from others: at least the node's own traffic, whose source address may
    // have become the ClusterIP, is repaired.
    return commented(SetId::kClusterIp, "src,dst") + " -j " + kMarkMasq;
  }

  std::string not_from_pods() const {
    std::string pods = match_from_pods(policy_.local_detector, family_);
    return pods.empty() ? "" : "! " + pods;
  }

  // The first packet of a connection to an address of externalTrafficPolicy Local: IPVS remembers
  // what it chose for it, and later packets, which may leave this host in a tunnel, go unmarked.
  std::string new_to_inside() const {
    return "-m conntrack --ctstate NEW " + in(SetId::kInside, "dst,dst");
  }
  std::string give_mark() const {
    return " -j SET --map-set " + set_name(SetId::kInsideMark, family_) + " dst,dst --map-mark";
  }
  bool steers_inside() const { return filled(SetId::kInside) && filled(SetId::kInsideMark); }

  IptablesChain from_pods_chain() const {
    IptablesChain chain{"mangle", kFromPods, {}};
    std::string pods = match_from_pods(policy_.local_detector, family_);
    if (steers_inside() && !pods.empty()) {
      chain.rules.push_back(pods + " " + new_to_inside() + give_mark());
    }
    return chain;
  }

  // The node's own packets are masqueraded: their source may have become the service's address.
  IptablesChain from_node_chain() const {
    IptablesChain chain{"mangle", kFromNode, {}};
    if (steers_inside()) {
      chain.rules.push_back(new_to_inside() + give_mark());
      chain.rules.push_back(new_to_inside() + " -j MARK --set-xmark " + mark_ + "/" + mark_);
    }
    put_source_ranges(chain.rules);
    return chain;
  }

  IptablesChain load_balancer() const {
    IptablesChain chain{"nat", "KUBE-LOAD-BALANCER", {}};
    if (filled(SetId::kLoadBalancerLocal)) {
      chain.rules.push_back(commented(SetId::kLoadBalancerLocal, "dst,dst") + " -j RETURN");
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
      if (filled(row.local)) {
        chain.rules.push_back(protocol + commented(row.local, row.directions) + " -j RETURN");
      }
      if (filled(row.all)) {
        chain.rules.push_back(protocol + commented(row.all, row.directions) + " -j " + kMarkMasq);
      }
    }
    return chain;
  }

  IptablesChain mark_masq() const {
    return {"nat", kMarkMasq, {"-j MARK --set-xmark " + mark_ + "/" + mark_}};
  }

  IptablesChain postrouting() const {
    IptablesChain chain{"nat", "KUBE-POSTROUTING", {}};
    if (filled(SetId::kLoopBack)) {
      chain.rules.push_back(commented(SetId::kLoopBack, "dst,dst,src") + masquerade());
    }
    chain.rules.push_back("-m mark ! --mark " + mark_ + "/" + mark_ + " -j RETURN");
    // Clears the mark, so that the packet is not masqueraded twice if it comes by again.
    chain.rules.push_back("-j MARK --set-xmark " + mark_ + "/0x0");
    chain.rules.push_back(comment("kubernetes service traffic requiring SNAT") + masquerade());
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
            {comment("kubernetes forwarding rules") + " -m mark --mark " + mark_ + "/" + mark_ +
                 " -j ACCEPT",
             comment("kubernetes forwarding conntrack rule") +
                 " -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"}};
  }

  IptablesChain filter_node_port() const {
    IptablesChain chain{"filter", "KUBE-NODE-PORT", {}};
    if (usable(SetId::kHealthCheckNodePort)) {
      chain.rules.push_back(commented(SetId::kHealthCheckNodePort, "dst") + " -j ACCEPT");
    }
    return chain;
  }

  IptablesChain proxy_firewall() const {
    IptablesChain chain{"filter", "KUBE-PROXY-FIREWALL", {}};
    if (filled(SetId::kLoadBalancerFw)) {
      chain.rules.push_back(commented(SetId::kLoadBalancerFw, "dst,dst") +
                            " -j KUBE-SOURCE-RANGES-FIREWALL");
    }
    return chain;
  }

  IptablesChain source_ranges() const {
    IptablesChain chain{"filter", "KUBE-SOURCE-RANGES-FIREWALL", {}};
    for (SetId set : {SetId::kLoadBalancerSourceCidr, SetId::kLoadBalancerSourceIp}) {
      if (filled(set)) chain.rules.push_back(commented(set, "dst,dst,src") + " -j RETURN");
    }
    chain.rules.emplace_back("-j DROP");
    return chain;
  }

  // The node's own packets pass IPVS before the table filter, and have another destination there:
  // kube-proxy asks there, with a rule for each address, where they came from. Here they are asked
  // before.
  void put_source_ranges(std::vector<std::string>& rules) const {
    if (!filled(SetId::kLoadBalancerFw)) return;
    for (SetId set : {SetId::kLoadBalancerSourceCidr, SetId::kLoadBalancerSourceIp}) {
      if (filled(set)) rules.push_back(in(set, "dst,dst,src") + " -j RETURN");
    }
    rules.push_back(in(SetId::kLoadBalancerFw, "dst,dst") + " -j DROP");
  }

  // The node's own ports must not be reached through service addresses.
  IptablesChain ipvs_filter() const {
    IptablesChain chain{"filter", "KUBE-IPVS-FILTER", {}};
    for (SetId set :
         {SetId::kLoadBalancer, SetId::kClusterIp, SetId::kExternalIp, SetId::kExternalIpLocal}) {
      if (usable(set)) chain.rules.push_back(in(set, "dst,dst") + " -j RETURN");
    }
    if (usable(SetId::kHealthCheckNodePort)) {
      chain.rules.push_back(in(SetId::kHealthCheckNodePort, "dst") + " -j RETURN");
    }
    if (usable(SetId::kIpvsIps) && policy_.echo != EchoAnswer::kReject) {
      chain.rules.push_back((family_ == Family::kIpv4
                                 ? "-p icmp -m icmp --icmp-type 8 "
                                 : "-p ipv6-icmp -m icmp6 --icmpv6-type 128 ") +
                            in(SetId::kIpvsIps, "dst") +
                            (policy_.echo == EchoAnswer::kAnswer ? " -j RETURN" : " -j DROP"));
    }
    if (usable(SetId::kIpvsIps)) {
      chain.rules.push_back(
          "-m conntrack --ctstate NEW " + in(SetId::kIpvsIps, "dst") + " -j REJECT --reject-with " +
          (family_ == Family::kIpv4 ? "icmp-port-unreachable" : "icmp6-port-unreachable"));
    }
    return chain;
  }

  const RulesPolicy& policy_;
  Family family_;
  SetMask filled_;
  SetMask usable_;
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
