// A node that kube-proxy ran in iptables or nftables mode: what the agent takes away, and when.

#include "agent/other_modes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

using base::Family;
using fakes::FakeAgent;
using fakes::FakeNode;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// What kube-proxy v1.36 in iptables mode leaves for one Service, as iptables-save prints it, with
// chains of the kubelet.
constexpr char kNat[] = R"(*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-EXT-AAAAAAAAAAAAAAAA - [0:0]
:KUBE-MARK-DROP - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-SEP-BBBBBBBBBBBBBBBB - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]
:CNI - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A PREROUTING -j CNI
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-EXT-AAAAAAAAAAAAAAAA -j KUBE-MARK-MASQ
-A KUBE-EXT-AAAAAAAAAAAAAAAA -j KUBE-SVC-AAAAAAAAAAAAAAAA
-A KUBE-MARK-DROP -j MARK --set-xmark 0x8000/0x8000
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web" -m tcp --dport 30080 -j KUBE-EXT-AAAAAAAAAAAAAAAA
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SEP-BBBBBBBBBBBBBBBB -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.11:8080
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-AAAAAAAAAAAAAAAA
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-AAAAAAAAAAAAAAAA -m comment --comment "default/web -> 10.244.1.11:8080" -j KUBE-SEP-BBBBBBBBBBBBBBBB
COMMIT
)";
constexpr char kFilter[] = R"(*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-PROXY-FIREWALL - [0:0]
:KUBE-SERVICES - [0:0]
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A INPUT -j KUBE-FIREWALL
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -j KUBE-FIREWALL
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-SERVICES -d 10.96.0.20/32 -p tcp -m comment --comment "default/idle has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
COMMIT
)";
constexpr char kMangle[] = R"(*mangle
:KUBE-KUBELET-CANARY - [0:0]
:KUBE-PROXY-CANARY - [0:0]
COMMIT
)";

class OtherModes : public testing::Test {
 protected:
  OtherModes() {
    for (const char* text : {kNat, kFilter, kMangle}) {
      const netconf::IptablesState state = *netconf::parse_save_text(text);
      for (const netconf::IptablesChain& chain : state) {
        node_.iptables.chains(Family::kIpv4, chain.table)[chain.name] = chain.rules;
      }
    }
  }
  void start() {
    agent_ = std::make_unique<FakeAgent>(node_);
    agent_->put(fakes::make_service("web", "10.96.0.10", {{.name = "", .port = 80}}));
    agent_->put(fakes::make_slice("web", "web-1", {{.name = "", .port = 8080}}, {"10.244.1.11"}));
    agent_->sync();
    agent_->run();
  }
  // "nat KUBE-SERVICES".
  std::vector<std::string> chains() {
    std::vector<std::string> names;
    for (const char* table : {"nat", "filter", "mangle"}) {
      for (const auto& [name, rules] : node_.iptables.chains(Family::kIpv4, table)) {
        names.push_back(std::string(table) + " " + name);
      }
    }
    return names;
  }
  const std::vector<std::string>& rules(const char* table, const char* chain) {
    return node_.iptables.chains(Family::kIpv4, table)[chain];
  }

  FakeNode node_;
  std::unique_ptr<FakeAgent> agent_;
};

TEST_F(OtherModes, ChainsOfTheIptablesModeGoAndThoseOfOthersStay) {
  start();
  for (const std::string& name : chains()) {
    for (const char* gone : {"-SVC-", "-SEP-", "-EXT-", "NODEPORTS", "PROXY-CANARY",
                             "EXTERNAL-SERVICES", "filter KUBE-SERVICES"}) {
      EXPECT_THAT(name, Not(HasSubstr(gone)));
    }
  }
  for (const char* kept : {"nat KUBE-MARK-DROP", "nat CNI", "filter KUBE-FIREWALL",
                           "mangle KUBE-KUBELET-CANARY", "nat KUBE-SERVICES"}) {
    EXPECT_THAT(chains(), Contains(kept));
  }
  EXPECT_THAT(rules("nat", "PREROUTING"), Contains("-j CNI"));
  EXPECT_THAT(rules("filter", "INPUT"), Contains("-j KUBE-FIREWALL"));
  for (const char* chain : {"INPUT", "FORWARD", "OUTPUT"}) {
    EXPECT_THAT(rules("filter", chain), Not(Contains(HasSubstr("--ctstate NEW")))) << chain;
  }
  EXPECT_THAT(agent_->host.problems(), IsEmpty());
  node_.take_log();
  agent_->run_for(std::chrono::minutes(2));
  EXPECT_THAT(node_.take_log(), IsEmpty()) << "once is enough";
}

// Until the last virtual server is there the old rules serve; then all of ours come at once.
TEST_F(OtherModes, RulesOfTheIptablesModeServeUntilEverythingElseIsThere) {
  start();
  const std::vector<std::string> lines = [&] {
    std::vector<std::string> all;
    for (const agent::Round& round : agent_->listener.rounds) {
      all.insert(all.end(), round.report.lines.begin(), round.report.lines.end());
    }
    return all;
  }();
  auto place = [&](const std::string& part) {
    auto found = std::find_if(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    });
    EXPECT_NE(found, lines.end()) << part;
    return found - lines.begin();
  };
  EXPECT_LT(place("ip addr add 10.96.0.10/32"), place("iptables-restore --noflush: "));
  EXPECT_LT(place("chains and jumps written"), place("kube-proxy's iptables mode removed"));
}

TEST_F(OtherModes, AChainThatOthersLeadToStaysWithWhatItLeadsTo) {
  node_.iptables.chains(Family::kIpv4,
                        "nat")["CNI"] = {"-d 10.0.0.1/32 -j KUBE-SVC-AAAAAAAAAAAAAAAA"};
  start();
  EXPECT_THAT(chains(), Contains("nat KUBE-SVC-AAAAAAAAAAAAAAAA"));
  EXPECT_THAT(chains(), Contains("nat KUBE-SEP-BBBBBBBBBBBBBBBB"));
  EXPECT_THAT(chains(), Not(Contains("nat KUBE-NODEPORTS")));
}

TEST_F(OtherModes, NothingIsTakenAwayWhileOurOwnDoesNotWork) {
  node_.nft.tables() = {{Family::kIpv4, "kube-proxy"}};
  node_.ipvs_faults.fail_all_operations({.error_number = ENOMEM});
  start();
  EXPECT_THAT(chains(), Contains("nat KUBE-SVC-AAAAAAAAAAAAAAAA"));
  EXPECT_EQ(node_.nft.tables().size(), 1u);
  node_.ipvs_faults.stop();
  agent_->run_for(std::chrono::minutes(3));
  EXPECT_THAT(chains(), Not(Contains("nat KUBE-SVC-AAAAAAAAAAAAAAAA")));
  EXPECT_THAT(node_.nft.tables(), IsEmpty());
}

// iptables-save of many thousands of rules takes seconds.
TEST_F(OtherModes, ChangesAreAppliedWhileTheRulesAreReadBack) {
  node_.iptables.hold_readings();
  start();
  EXPECT_GT(node_.iptables.held_readings(), 0U);
  agent_->put(fakes::make_service("late", "10.96.0.11", {{.name = "", .port = 81}}));
  agent_->run();
  EXPECT_THAT(node_.ipvs_and_sets_text(), HasSubstr("10.96.0.11:81"));
  EXPECT_THAT(chains(), Contains("nat KUBE-SVC-AAAAAAAAAAAAAAAA"));
  node_.iptables.let_readings_go();
  agent_->run_for(std::chrono::seconds(1));
  EXPECT_THAT(chains(), Not(Contains("nat KUBE-SVC-AAAAAAAAAAAAAAAA")));
}

// What was read when a chain was not yet written says nothing of what is there now.
TEST_F(OtherModes, ARoundThatWritesRulesHasThemReadAgain) {
  node_.iptables.hold_readings();
  start();
  auto service = fakes::make_service("late", "10.96.0.11", {{.name = "", .port = 81}});
  service.external_ips = {*base::IpAddress::parse("192.0.2.7")};
  agent_->put(std::move(service));
  agent_->run();
  node_.take_log();
  node_.iptables.let_readings_go();
  agent_->run_for(std::chrono::minutes(2));
  for (const std::string& line : node_.take_log()) {
    EXPECT_THAT(line, Not(HasSubstr("-A KUBE-SERVICES"))) << "nothing of ours differed";
  }
  EXPECT_THAT(agent_->listener.drifts, IsEmpty());
  EXPECT_THAT(chains(), Not(Contains("nat KUBE-SVC-AAAAAAAAAAAAAAAA")));
}

TEST_F(OtherModes, ManyChainsGoInPartsWithChangesBetweenThem) {
  auto& nat = node_.iptables.chains(Family::kIpv4, "nat");
  for (int i = 10000; i < 22000; ++i) nat["KUBE-SEP-AAAAAAAAAAA" + std::to_string(i)] = {};
  start();
  std::size_t parts = 0;
  for (const agent::Round& round : agent_->listener.rounds) {
    std::size_t in_round = 0;
    for (const auto& [kind, count] : round.report.operations) {
      if (std::get<std::string_view>(kind) == "remove_other_mode") in_round += count;
    }
    EXPECT_LE(in_round, 1U);
    parts += in_round;
  }
  EXPECT_GT(parts, 2U);
  for (const std::string& name : chains()) EXPECT_THAT(name, Not(HasSubstr("KUBE-SEP-")));
}

TEST_F(OtherModes, TablesOfTheNftablesModeGoAndOthersStay) {
  const std::set<netconf::NftTable> others = {{Family::kIpv4, "nat"}, {Family::kIpv6, "filter"}};
  node_.nft.tables() = others;
  node_.nft.tables().insert({{Family::kIpv4, "kube-proxy"}, {Family::kIpv6, "kube-proxy"}});
  start();
  EXPECT_EQ(node_.nft.tables(), others);
}

TEST_F(OtherModes, AFailureIsToldAndTriedAgain) {
  node_.nft.tables() = {{Family::kIpv6, "kube-proxy"}};
  node_.nft.set_failure(EBUSY);
  start();
  ASSERT_EQ(agent_->host.problems().size(), 1u);
  EXPECT_THAT(agent_->host.problems().begin()->second, HasSubstr("delete table ip6 kube-proxy"));
  node_.nft.set_failure(0);
  agent_->run_for(std::chrono::minutes(1));
  EXPECT_THAT(agent_->host.problems(), IsEmpty());
  EXPECT_THAT(node_.nft.tables(), IsEmpty());
}

TEST_F(OtherModes, AKernelWithoutNftablesIsFine) {
  node_.nft.set_missing(true);
  start();
  EXPECT_THAT(agent_->host.problems(), IsEmpty());
}

TEST_F(OtherModes, CleaningUpAfterGivingBackLeavesTheIptablesModeAlone) {
  FakeNode fresh;
  std::swap(fresh.iptables.chains(Family::kIpv4, "nat"),
            node_.iptables.chains(Family::kIpv4, "nat"));
  std::swap(fresh.iptables.chains(Family::kIpv4, "filter"),
            node_.iptables.chains(Family::kIpv4, "filter"));
  auto nat = fresh.iptables.chains(Family::kIpv4, "nat");
  auto filter = fresh.iptables.chains(Family::kIpv4, "filter");
  // As our agent leaves a node, over which the iptables mode then writes.
  start();
  agent_.reset();
  for (const auto& [name, rules] : nat) {
    auto& chain = node_.iptables.chains(Family::kIpv4, "nat")[name];
    if (name.starts_with("KUBE-")) chain = rules;
  }
  for (const auto& [name, rules] : filter) {
    auto& chain = node_.iptables.chains(Family::kIpv4, "filter")[name];
    if (name.starts_with("KUBE-")) chain = rules;
  }
  EXPECT_THAT(Host(node_.tables(), FakeAgent::default_host_options()).clean_up(), IsEmpty());
  EXPECT_EQ(rules("nat", "KUBE-SERVICES"), nat["KUBE-SERVICES"]);
  EXPECT_EQ(rules("filter", "KUBE-FORWARD"), filter["KUBE-FORWARD"]);
  EXPECT_THAT(rules("nat", "PREROUTING"), Contains(HasSubstr("-j KUBE-SERVICES")));
  EXPECT_THAT(rules("filter", "INPUT"), Not(Contains(HasSubstr("KUBE-IPVS-FILTER"))));
  EXPECT_THAT(chains(), Not(Contains("nat KUBE-LOAD-BALANCER")));
  EXPECT_THAT(node_.ipsets.sets(), IsEmpty());
}

}  // namespace
}  // namespace agent
