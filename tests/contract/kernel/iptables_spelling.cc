// How iptables-save spells the rules of kube-proxy's IPVS mode. What the agent writes must come
// back in just these words, from both backends, or it would write the same rules again and again.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/contract/kernel/tools.h"
#include "tests/contract/netconf_host.h"

namespace contract {
namespace {

using base::Family;
using netconf::IptablesChain;
using netconf::IptablesOp;
using netconf::IptablesState;

// "KUBE-CLUSTER-IP" or, for IPv6, "KUBE-6-CLUSTER-IP", cut at 31 characters.
std::string set_name(Family family, const std::string& kind) {
  std::string name = (family == Family::kIpv4 ? "KUBE-" : "KUBE-6-") + kind;
  return name.substr(0, netconf::kIpsetNameLimit);
}

// The rules' sets, as lines for `ipset restore`.
std::string all_sets(Family family) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> kinds = {
      {"hash:ip,port",
       {"CLUSTER-IP", "EXTERNAL-IP", "EXTERNAL-IP-LOCAL", "LOAD-BALANCER", "LOAD-BALANCER-FW",
        "LOAD-BALANCER-LOCAL", "NODE-PORT-SCTP-HASH", "NODE-PORT-LOCAL-SCTP-HASH"}},
      {"hash:ip,port,ip", {"LOOP-BACK", "LOAD-BALANCER-SOURCE-IP"}},
      {"hash:ip,port,net", {"LOAD-BALANCER-SOURCE-CIDR"}},
      {"hash:ip", {"IPVS-IPS"}},
      {"bitmap:port",
       {"NODE-PORT-TCP", "NODE-PORT-LOCAL-TCP", "NODE-PORT-UDP", "NODE-PORT-LOCAL-UDP",
        "HEALTH-CHECK-NODE-PORT"}},
  };
  std::string text;
  for (const auto& [type, names] : kinds) {
    for (const std::string& kind : names) {
      text += "create " + set_name(family, kind) + " " + type;
      text += type == "bitmap:port"     ? " range 0-65535\n"
              : family == Family::kIpv4 ? " family inet\n"
                                        : " family inet6\n";
    }
  }
  return text;
}

std::string commented(const std::string& comment) {
  return "-m comment --comment \"" + comment + "\" ";
}

// "-m comment ... -m set --match-set SET DIRECTIONS", what kube-proxy writes for a set.
struct Spelling {
  Family family;

  std::string match(const std::string& kind, const std::string& directions) const {
    return "-m set --match-set " + set_name(family, kind) + " " + directions;
  }
  std::vector<IptablesChain> chains() const;
};

std::vector<IptablesChain> Spelling::chains() const {
  const bool ipv4 = family == Family::kIpv4;
  const std::string cluster =
      commented("Kubernetes service cluster ip + port for masquerade purpose");
  const std::string external =
      commented("Kubernetes service external ip + port for masquerade and filter purpose") +
      match("EXTERNAL-IP", "dst,dst");
  const std::string external_local =
      commented("Kubernetes service external ip + port with externalTrafficPolicy=local") +
      match("EXTERNAL-IP-LOCAL", "dst,dst");
  const std::string off_host = " -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL";
  const std::string to_local = " -m addrtype --dst-type LOCAL";
  const std::string masquerade = " -j KUBE-MARK-MASQ";
  auto node_port = [&](const std::string& protocol, const std::string& comment,
                       const std::string& set, const std::string& directions) {
    return "-p " + protocol + " " + commented("Kubernetes nodeport " + comment) +
           match(set, directions);
  };
  return {
      {"filter",
       "KUBE-FORWARD",
       {commented("kubernetes forwarding rules") + "-m mark --mark 0x4000/0x4000 -j ACCEPT",
        commented("kubernetes forwarding conntrack rule") +
            "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"}},
      {"filter",
       "KUBE-IPVS-FILTER",
       {match("LOAD-BALANCER", "dst,dst") + " -j RETURN",
        match("CLUSTER-IP", "dst,dst") + " -j RETURN",
        match("EXTERNAL-IP", "dst,dst") + " -j RETURN",
        match("EXTERNAL-IP-LOCAL", "dst,dst") + " -j RETURN",
        match("HEALTH-CHECK-NODE-PORT", "dst") + " -j RETURN",
        "-m conntrack --ctstate NEW " + match("IPVS-IPS", "dst") +
            (ipv4 ? " -j REJECT --reject-with icmp-port-unreachable"
                  : " -j REJECT --reject-with icmp6-port-unreachable")}},
      {"filter",
       "KUBE-NODE-PORT",
       {commented("Kubernetes health check node port") + match("HEALTH-CHECK-NODE-PORT", "dst") +
        " -j ACCEPT"}},
      {"filter",
       "KUBE-PROXY-FIREWALL",
       {commented("Kubernetes service load balancer ip + port for load balancer with "
                  "sourceRange") +
        match("LOAD-BALANCER-FW", "dst,dst") + " -j KUBE-SOURCE-RANGES-FIREWALL"}},
      {"filter",
       "KUBE-SOURCE-RANGES-FIREWALL",
       {commented("Kubernetes service load balancer ip + port + source cidr for packet filter "
                  "purpose") +
            match("LOAD-BALANCER-SOURCE-CIDR", "dst,dst,src") + " -j RETURN",
        commented("Kubernetes service load balancer ip + port + source IP for packet filter "
                  "purpose") +
            match("LOAD-BALANCER-SOURCE-IP", "dst,dst,src") + " -j RETURN",
        "-j DROP"}},
      {"nat",
       "KUBE-LOAD-BALANCER",
       {commented("Kubernetes service load balancer ip + port with externalTrafficPolicy=local") +
            match("LOAD-BALANCER-LOCAL", "dst,dst") + " -j RETURN",
        "-j KUBE-MARK-MASQ"}},
      // --or-mark 0x004000
      {"nat", "KUBE-MARK-MASQ", {"-j MARK --set-xmark 0x4000/0x4000"}},
      {"nat",
       "KUBE-NODE-PORT",
       {node_port("tcp", "TCP port with externalTrafficPolicy=local", "NODE-PORT-LOCAL-TCP",
                  "dst") +
            " -j RETURN",
        node_port("tcp", "TCP port for masquerade purpose", "NODE-PORT-TCP", "dst") + masquerade,
        node_port("udp", "UDP port with externalTrafficPolicy=local", "NODE-PORT-LOCAL-UDP",
                  "dst") +
            " -j RETURN",
        node_port("udp", "UDP port for masquerade purpose", "NODE-PORT-UDP", "dst") + masquerade,
        // A single quote is printed with a backslash before it.
        node_port("sctp",
                  R"(SCTP port with externalTrafficPolicy=local with type \'hash ip:port\')",
                  "NODE-PORT-LOCAL-SCTP-HASH", "dst,dst") +
            " -j RETURN",
        node_port("sctp", R"(SCTP port for masquerade purpose with type \'hash ip:port\')",
                  "NODE-PORT-SCTP-HASH", "dst,dst") +
            masquerade}},
      {"nat",
       "KUBE-POSTROUTING",
       {commented("Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose") +
            match("LOOP-BACK", "dst,dst,src") + " -j MASQUERADE",
        "-m mark ! --mark 0x4000/0x4000 -j RETURN",
        // --xor-mark 0x004000
        "-j MARK --set-xmark 0x4000/0x0",
        commented("kubernetes service traffic requiring SNAT") + "-j MASQUERADE",
        commented("kubernetes service traffic requiring SNAT") + "-j MASQUERADE --random-fully"}},
      {"nat",
       "KUBE-SERVICES",
       {(ipv4 ? "-s 127.0.0.0/8 -j RETURN" : "-s ::1/128 -j RETURN"),
        commented("Kubernetes service lb portal") + match("LOAD-BALANCER", "dst,dst") +
            " -j KUBE-LOAD-BALANCER",
        cluster + match("CLUSTER-IP", "dst,dst") + masquerade,
        // What tells local traffic stands first, wherever it was written.
        (ipv4 ? "! -s 10.244.0.0/16 " : "! -s fd00:244::/64 ") + cluster +
            match("CLUSTER-IP", "dst,dst") + masquerade,
        "! -i cbr0 " + cluster + match("CLUSTER-IP", "dst,dst") + masquerade,
        "! -i cali+ " + cluster + match("CLUSTER-IP", "dst,dst") + masquerade,
        cluster + match("CLUSTER-IP", "src,dst") + masquerade, external + masquerade,
        external + off_host + " -j ACCEPT", external + to_local + " -j ACCEPT",
        external_local + off_host + " -j ACCEPT", external_local + to_local + " -j ACCEPT",
        "-m addrtype --dst-type LOCAL -j KUBE-NODE-PORT",
        match("CLUSTER-IP", "dst,dst") + " -j ACCEPT",
        match("LOAD-BALANCER", "dst,dst") + " -j ACCEPT"}},
  };
}

// Of table, chain, and the comment and target of a jump from it.
struct Jump {
  std::string table;
  std::string from;
  std::string comment;
  std::string to;
};

std::vector<Jump> jumps() {
  return {
      {"nat", "OUTPUT", "kubernetes service portals", "KUBE-SERVICES"},
      {"nat", "PREROUTING", "kubernetes service portals", "KUBE-SERVICES"},
      {"nat", "POSTROUTING", "kubernetes postrouting rules", "KUBE-POSTROUTING"},
      {"filter", "FORWARD", "kubernetes forwarding rules", "KUBE-FORWARD"},
      {"filter", "INPUT", "kubernetes health check rules", "KUBE-NODE-PORT"},
      {"filter", "INPUT", "kube-proxy firewall rules", "KUBE-PROXY-FIREWALL"},
      {"filter", "FORWARD", "kube-proxy firewall rules", "KUBE-PROXY-FIREWALL"},
      {"filter", "INPUT", "kubernetes ipvs access filter", "KUBE-IPVS-FILTER"},
      {"filter", "OUTPUT", "kubernetes ipvs access filter", "KUBE-IPVS-OUT-FILTER"},
  };
}

class IptablesSpelling : public testing::TestWithParam<std::string> {};

TEST_P(IptablesSpelling, RulesComeBackAsTheyWereWritten) {
  for (Family family : {Family::kIpv4, Family::kIpv6}) {
    SCOPED_TRACE(base::to_string(family));
    std::unique_ptr<NetconfHost> host = make_netconf_host();
    must_run({"ipset", "restore"}, all_sets(family));
    std::vector<IptablesChain> chains = Spelling{family}.chains();
    // xt_ipvs is not in every kernel; it is in those that have IPVS.
    bool has_ipvs = access("/proc/net/ip_vs", F_OK) == 0;
    std::vector<std::string> out_filter;
    if (has_ipvs) {
      out_filter = {family == Family::kIpv4
                        ? "-s 192.0.2.10/32 -m ipvs --vproto 6 --vaddr 192.0.2.10 --vport 80 "
                          "-j DROP"
                        : "-s 2001:db8::10/128 -m ipvs --vproto 6 --vaddr 2001:db8::10 --vport "
                          "80 -j DROP"};
    } else {
      std::cout << "this kernel has no IPVS: the rules with -m ipvs are left out\n";
    }
    chains.push_back({"filter", "KUBE-IPVS-OUT-FILTER", out_filter});
    std::vector<IptablesOp> ops;
    for (const IptablesChain& chain : chains) ops.emplace_back(netconf::WriteChain{chain});
    std::vector<IptablesChain> expected = chains;
    for (const Jump& jump : jumps()) {
      std::string rule = commented(jump.comment) + "-j " + jump.to;
      ops.emplace_back(netconf::InsertRule{jump.table, jump.from, rule});
      auto place = std::ranges::find_if(expected, [&](const IptablesChain& chain) {
        return chain.table == jump.table && chain.name == jump.from;
      });
      if (place == expected.end()) {
        place = expected.insert(expected.end(), {jump.table, jump.from, {}});
      }
      place->rules.insert(place->rules.begin(), rule);
    }
    std::ranges::sort(expected);
    for (const base::Status& status : host->iptables(GetParam()).apply(family, ops)) {
      ASSERT_TRUE(status.ok()) << status.message();
    }
    const std::vector<std::string> tables = {"filter", "nat"};
    base::Result<IptablesState> state = host->iptables(GetParam()).read(family, tables);
    ASSERT_TRUE(state.ok()) << state.status().message();
    std::erase_if(*state, [](const IptablesChain& chain) {
      return chain.rules.empty() && !chain.name.starts_with("KUBE");
    });
    ASSERT_EQ(state->size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ((*state)[i].name, expected[i].name);
      EXPECT_EQ((*state)[i].rules, expected[i].rules);
    }
  }
}

TEST_P(IptablesSpelling, KubeProxysOwnWordsBecomeThese) {
  std::unique_ptr<NetconfHost> host = make_netconf_host();
  must_run({"ipset", "restore"}, all_sets(Family::kIpv4));
  must_run({"iptables-" + GetParam() + "-restore", "--noflush"},
           "*nat\n"
           ":KUBE-SERVICES - [0:0]\n"
           ":KUBE-MARK-MASQ - [0:0]\n"
           ":KUBE-POSTROUTING - [0:0]\n"
           "-A KUBE-SERVICES -m comment --comment \"Kubernetes service cluster ip + port for "
           "masquerade purpose\" -m set --match-set KUBE-CLUSTER-IP dst,dst ! -s 10.244.0.0/16 "
           "-j KUBE-MARK-MASQ\n"
           "-A KUBE-POSTROUTING -m mark ! --mark 0x004000/0x004000 -j RETURN\n"
           "-A KUBE-POSTROUTING -j MARK --xor-mark 0x004000\n"
           "-A KUBE-MARK-MASQ -j MARK --or-mark 0x004000\n"
           "COMMIT\n");
  const std::vector<std::string> tables = {"nat"};
  IptablesState state = host->iptables(GetParam()).read(Family::kIpv4, tables).value();
  const std::vector<IptablesChain> ours = Spelling{Family::kIpv4}.chains();
  for (const IptablesChain& chain : state) {
    for (const std::string& rule : chain.rules) {
      auto same = std::ranges::find_if(ours, [&](const IptablesChain& one) {
        return one.table == chain.table && one.name == chain.name;
      });
      ASSERT_NE(same, ours.end()) << chain.name;
      EXPECT_THAT(same->rules, testing::Contains(rule));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, IptablesSpelling, testing::ValuesIn(iptables_variants()),
                         [](const auto& backend) { return backend.param; });

}  // namespace
}  // namespace contract
