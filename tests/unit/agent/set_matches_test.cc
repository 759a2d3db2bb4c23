#include "agent/set_matches.h"

#include <gtest/gtest.h>

namespace agent {
namespace {

std::bitset<kSetCount> only(SetId set) {
  return std::bitset<kSetCount>(1U << static_cast<unsigned>(set));
}

TEST(SetMatches, AreSpelledAsIptablesSaveDoes) {
  SetMatches v4(base::Family::kIpv4, {}, {});
  EXPECT_EQ(v4.in(SetId::kClusterIp, "dst,dst"), "-m set --match-set KUBE-CLUSTER-IP dst,dst");
  SetMatches v6(base::Family::kIpv6, {}, {});
  EXPECT_EQ(v6.commented(SetId::kClusterIp, "src,dst"),
            "-m comment --comment \"Kubernetes service cluster ip + port for masquerade purpose\" "
            "-m set --match-set KUBE-6-CLUSTER-IP src,dst");
}

TEST(SetMatches, AFilledSetThatCannotBeUsedCountsAsEmpty) {
  SetMatches sets(base::Family::kIpv4, only(SetId::kClusterIp) | only(SetId::kLoopBack),
                  only(SetId::kLoopBack));
  EXPECT_TRUE(sets.filled(SetId::kLoopBack));
  EXPECT_FALSE(sets.filled(SetId::kClusterIp));
  EXPECT_FALSE(sets.usable(SetId::kClusterIp));
}

TEST(CommentMatch, HasABackslashBeforeQuotes) {
  EXPECT_EQ(comment_match("the node's \"own\" \\"),
            R"(-m comment --comment "the node\'s \"own\" \\")");
}

}  // namespace
}  // namespace agent
