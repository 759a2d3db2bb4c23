#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "agent/masquerade_rules.h"

namespace agent {
namespace {

using testing::IsSupersetOf;

RuleBook rules_of(base::Family family) {
  SetMask all;
  all.set();
  return render_rules({}, family, all, all);
}

// What stands in front of a chain once the jumps have been inserted one after the other.
std::vector<std::string> targets(const RuleBook& book, const std::string& table,
                                 const std::string& chain) {
  std::vector<std::string> targets;
  for (const IptablesJump& jump : book.jumps) {
    if (jump.table != table || jump.chain != chain) continue;
    targets.insert(targets.begin(), jump.rule.substr(jump.rule.rfind(' ') + 1));
  }
  return targets;
}

TEST(RuleBook, HasEveryChainOfKubeProxyInBothFamilies) {
  for (base::Family family : {base::Family::kIpv4, base::Family::kIpv6}) {
    std::vector<std::string> chains;
    for (const netconf::IptablesChain& chain : rules_of(family).chains) {
      chains.push_back(chain.table + " " + chain.name);
    }
    EXPECT_THAT(chains,
                IsSupersetOf({"nat KUBE-SERVICES", "nat KUBE-POSTROUTING", "nat KUBE-NODE-PORT",
                              "nat KUBE-LOAD-BALANCER", "nat KUBE-MARK-MASQ", "filter KUBE-FORWARD",
                              "filter KUBE-NODE-PORT", "filter KUBE-PROXY-FIREWALL",
                              "filter KUBE-SOURCE-RANGES-FIREWALL", "filter KUBE-IPVS-FILTER",
                              "filter KUBE-IPVS-OUT-FILTER"}));
  }
}

TEST(RuleBook, AFreshHostGetsTheJumpsInKubeProxysOrder) {
  RuleBook book = rules_of(base::Family::kIpv4);
  EXPECT_EQ(
      targets(book, "filter", "INPUT"),
      (std::vector<std::string>{"KUBE-IPVS-FILTER", "KUBE-PROXY-FIREWALL", "KUBE-NODE-PORT"}));
  EXPECT_EQ(targets(book, "filter", "FORWARD"),
            (std::vector<std::string>{"KUBE-PROXY-FIREWALL", "KUBE-FORWARD"}));
  EXPECT_EQ(targets(book, "filter", "OUTPUT"), (std::vector<std::string>{"KUBE-IPVS-OUT-FILTER"}));
}

TEST(RuleBook, LocalhostIsLeftAloneBeforeAnythingElse) {
  for (base::Family family : {base::Family::kIpv4, base::Family::kIpv6}) {
    RuleBook book = rules_of(family);
    auto services = std::find_if(book.chains.begin(), book.chains.end(),
                                 [](const auto& chain) { return chain.name == "KUBE-SERVICES"; });
    ASSERT_NE(services, book.chains.end());
    EXPECT_EQ(services->rules.front(),
              family == base::Family::kIpv4 ? "-s 127.0.0.0/8 -j RETURN" : "-s ::1/128 -j RETURN");
  }
}

}  // namespace
}  // namespace agent
