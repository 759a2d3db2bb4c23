#include "agent/own_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>

namespace agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kMark[] = "-j MARK --set-xmark 0x4000/0x4000";

SetMatches with(std::initializer_list<SetId> filled) {
  std::bitset<kSetCount> sets;
  for (SetId set : filled) sets.set(static_cast<std::size_t>(set));
  return {base::Family::kIpv4, sets, std::bitset<kSetCount>().set()};
}

LocalDetector pods() {
  return {.kind = LocalDetector::Kind::kPodCidr,
          .pod_cidrs = {*base::IpPrefix::parse("10.244.0.0/16")},
          .interface = {}};
}

TEST(OwnRules, AreIdleWhereTheyHaveNothingToDo) {
  RuleBook book = own_rules(with({}), pods(), kMark);
  EXPECT_THAT(book.chains, IsEmpty());
  EXPECT_THAT(book.jumps, IsEmpty());
  ASSERT_EQ(book.idle_chains.size(), 2u);
  EXPECT_EQ(book.idle_chains[0].name, "KUBE-INSIDE-PODS");
  EXPECT_EQ(book.idle_chains[1].name, "KUBE-INSIDE-NODE");
  EXPECT_EQ(book.idle_jumps.size(), 2u);
}

TEST(OwnRules, ClientsInsideGetTheMarkOfTheirAddress) {
  RuleBook book = own_rules(with({SetId::kInside, SetId::kInsideMark}), pods(), kMark);
  ASSERT_EQ(book.chains.size(), 2u);
  const std::string steer =
      "-m conntrack --ctstate NEW -m set --match-set KUBE-INSIDE dst,dst"
      " -j SET --map-set KUBE-INSIDE-MARK dst,dst --map-mark";
  EXPECT_THAT(book.chains[0].rules, ElementsAre("-s 10.244.0.0/16 " + steer));
  EXPECT_THAT(book.chains[1].rules,
              ElementsAre(steer, std::string("-m conntrack --ctstate NEW -m set --match-set "
                                             "KUBE-INSIDE dst,dst ") +
                                     kMark));
  ASSERT_EQ(book.jumps.size(), 2u);
  EXPECT_EQ(book.jumps[0].chain, "PREROUTING");
  EXPECT_EQ(book.jumps[1].chain, "OUTPUT");
}

TEST(OwnRules, PodsThatCannotBeToldFromOthersGetNone) {
  RuleBook book = own_rules(with({SetId::kInside, SetId::kInsideMark}), {}, kMark);
  ASSERT_EQ(book.chains.size(), 1u);
  EXPECT_EQ(book.chains[0].name, "KUBE-INSIDE-NODE");
}

TEST(OwnRules, TheNodesOwnPacketsAreHeldToSourceRanges) {
  RuleBook book =
      own_rules(with({SetId::kLoadBalancerFw, SetId::kLoadBalancerSourceCidr}), pods(), kMark);
  ASSERT_EQ(book.chains.size(), 1u);
  EXPECT_THAT(book.chains[0].rules,
              ElementsAre("-m set --match-set KUBE-LOAD-BALANCER-SOURCE-CIDR dst,dst,src -j RETURN",
                          "-m set --match-set KUBE-LOAD-BALANCER-FW dst,dst -j DROP"));
}

}  // namespace
}  // namespace agent
