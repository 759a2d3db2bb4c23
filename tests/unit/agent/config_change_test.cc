#include "agent/config_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/config_keys.h"

namespace agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ConfigChange, IsEmptyBetweenEqualOnes) {
  ConfigChange change = change_between(Configuration(), Configuration());
  EXPECT_THAT(change.applied, IsEmpty());
  EXPECT_THAT(change.waiting, IsEmpty());
  EXPECT_EQ(change.next, Configuration());
}

TEST(ConfigChange, TakesWhatCanBeFollowedAndNamesTheRest) {
  Configuration wanted;
  wanted.ipvs.scheduler = "wlc";
  wanted.ipvs.exclude_cidrs = {*base::IpPrefix::parse("10.0.0.0/8")};
  wanted.healthz_bind_address->port = 1;
  wanted.client_connection.kubeconfig = "/x";
  ConfigChange change = change_between(Configuration(), wanted);
  EXPECT_THAT(change.applied, ElementsAre(R"(ipvs.scheduler: "rr" -> "wlc")",
                                          "ipvs.excludeCIDRs: [] -> [10.0.0.0/8]"));
  ASSERT_EQ(change.waiting.size(), 2u);
  EXPECT_EQ(change.waiting[0],
            (WaitingKey{.path = "healthzBindAddress",
                        .running = R"("0.0.0.0:10256")",
                        .wanted = R"("0.0.0.0:1")",
                        .reason = "the ports are opened at the start; it takes a restart of the "
                                  "agent"}));
  EXPECT_EQ(change.waiting[1].path, "clientConnection.kubeconfig");
  Configuration expected;
  expected.ipvs = wanted.ipvs;
  EXPECT_EQ(change.next, expected);
}

TEST(ConfigChange, EveryKeyThatDoesSomethingIsFollowedOrHasAReason) {
  for (const ConfigKey& key : config_keys()) {
    if (key.path.empty() || !key.load) continue;
    EXPECT_NE(restart_reason(key.path), "it is read at the start")
        << key.path << ": add it to the table in agent/config_change.cc";
  }
}

}  // namespace
}  // namespace agent
