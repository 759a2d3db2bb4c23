#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_ipset_table.h"
#include "tests/fakes/fake_iptables.h"
#include "tests/fakes/faulty_netconf.h"

namespace fakes {
namespace {

using base::Family;
using netconf::CreateIpset;
using netconf::DestroyIpset;
using netconf::IpsetOp;
using netconf::IptablesOp;
using netconf::WriteChain;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(FaultyIptables, ARestoreFailsAsAWhole) {
  FakeIptables rules;
  FaultPlan plan;
  FaultyIptables faulty(rules, plan);
  plan.fail_next_operation({.error_number = EBUSY});
  const std::vector<IptablesOp> ops = {WriteChain{{"nat", "KUBE-A", {}}},
                                       WriteChain{{"filter", "KUBE-B", {}}}};
  for (const base::Status& status : faulty.apply(Family::kIpv4, ops)) {
    EXPECT_EQ(status.error_number(), EBUSY);
  }
  EXPECT_TRUE(rules.log().empty());
  EXPECT_TRUE(faulty.apply(Family::kIpv4, ops).front().ok());
  EXPECT_EQ(rules.log().size(), 1u);
}

TEST(FaultyIpsetTable, OneOperationFailsAndOneOnlySeemsTo) {
  FakeIpsetTable sets;
  FaultPlan plan;
  FaultyIpsetTable faulty(sets, plan);
  plan.fail_operation(0, {.error_number = ENOBUFS});
  plan.fail_operation(1, {.error_number = ENOBUFS, .carried_out = true});
  const std::vector<IpsetOp> ops = {CreateIpset{{.name = "A"}}, CreateIpset{{.name = "B"}},
                                    CreateIpset{{.name = "C"}}};
  std::vector<base::Status> outcomes = faulty.apply(ops);
  EXPECT_EQ(outcomes.at(0).error_number(), ENOBUFS);
  EXPECT_EQ(outcomes.at(1).error_number(), ENOBUFS);
  EXPECT_TRUE(outcomes.at(2).ok());
  EXPECT_FALSE(sets.exists("A"));
  EXPECT_TRUE(sets.exists("B"));
  EXPECT_TRUE(sets.exists("C"));
}

TEST(FakeLogs, TellOperationsAndRefusals) {
  FakeIpsetTable sets;
  sets.set_referenced({"A"});
  const std::vector<IpsetOp> ops = {CreateIpset{{.name = "A"}}, DestroyIpset{"A"},
                                    DestroyIpset{"B"}};
  sets.apply(ops);
  EXPECT_THAT(sets.log(), ElementsAre(HasSubstr("create A hash:ip,port"), "destroy A # EBUSY",
                                      "destroy B # ENOENT"));
}

}  // namespace
}  // namespace fakes
