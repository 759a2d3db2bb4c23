#include "agent/other_modes_removal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

#include "tests/fakes/fake_iptables.h"
#include "tests/fakes/fake_nft_tables.h"

namespace agent {
namespace {

using base::Family;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const base::TimePoint kNow = base::TimePoint() + std::chrono::hours(1);

// Parts of one chain each, of the table nat.
std::vector<std::vector<netconf::IptablesOp>> parts(const std::vector<std::string>& chains) {
  std::vector<std::vector<netconf::IptablesOp>> parts;
  parts.reserve(chains.size());
  for (const std::string& chain : chains) parts.push_back({netconf::DeleteChain{"nat", chain}});
  return parts;
}

class OtherModesRemovalTest : public testing::Test {
 protected:
  void have(Family family, const std::vector<std::string>& chains) {
    for (const std::string& chain : chains) iptables_.chains(family, "nat")[chain] = {};
  }
  base::Status finish() { return removal_.finish(removal_.nftables_mode(), report_); }

  fakes::FakeIptables iptables_;
  fakes::FakeNftTables nft_;
  OtherModesRemoval removal_{iptables_, nft_};
  RoundReport report_;
};

TEST_F(OtherModesRemovalTest, AuditsComeBackToItUntilAllIsGone) {
  EXPECT_EQ(removal_.due(), std::nullopt);
  removal_.audit(kNow);
  EXPECT_EQ(removal_.due(), kNow);
  removal_.begin_round();
  EXPECT_EQ(removal_.due(), std::nullopt);
  removal_.set_gone(true);
  removal_.audit(kNow + seconds(30));
  EXPECT_EQ(removal_.due(), std::nullopt);
  removal_.set_gone(false);
  removal_.audit(kNow + seconds(60));
  EXPECT_EQ(removal_.due(), kNow + seconds(60));
}

TEST_F(OtherModesRemovalTest, AProofIsOfEveryFamilyAndCountsOnce) {
  removal_.ask_for_proof(std::vector{Family::kIpv4, Family::kIpv6});
  removal_.prove(Family::kIpv4, true);
  EXPECT_FALSE(removal_.take_proof());
  EXPECT_EQ(removal_.due(), std::nullopt);
  removal_.prove(Family::kIpv6, true);
  EXPECT_NE(removal_.due(), std::nullopt);  // a round is to go on with it
  EXPECT_TRUE(removal_.take_proof());
  EXPECT_EQ(removal_.due(), std::nullopt);
  EXPECT_FALSE(removal_.take_proof());
}

TEST_F(OtherModesRemovalTest, OneFamilyThatIsNotRightEndsTheProof) {
  removal_.ask_for_proof(std::vector{Family::kIpv4, Family::kIpv6});
  removal_.prove(Family::kIpv4, false);
  removal_.prove(Family::kIpv6, true);
  EXPECT_FALSE(removal_.take_proof());
  removal_.prove(Family::kIpv4, true);  // nobody has asked
  EXPECT_FALSE(removal_.take_proof());
  removal_.ask_for_proof(std::vector{Family::kIpv4});
  removal_.prove(Family::kIpv4, true);
  EXPECT_TRUE(removal_.take_proof());
}

TEST_F(OtherModesRemovalTest, PartsGoInOrderAndTheLastOfAFamilyIsTold) {
  have(Family::kIpv4, {"A", "B"});
  have(Family::kIpv6, {"C"});
  removal_.remove(Family::kIpv4, parts({"A", "B"}));
  removal_.remove(Family::kIpv6, parts({"C"}));
  removal_.begin_round();
  auto removed = removal_.remove_part(report_, kNow);
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->family, Family::kIpv4);
  EXPECT_THAT(removed->ops, SizeIs(1));
  EXPECT_THAT(report_.lines, IsEmpty());
  EXPECT_EQ(removal_.due(), kNow);
  ASSERT_TRUE(removal_.remove_part(report_, kNow));
  EXPECT_THAT(report_.lines,
              ElementsAre("iptables-restore --noflush: 2 chains and jumps of kube-proxy's iptables "
                          "mode removed"));
  removal_.begin_round();
  removed = removal_.remove_part(report_, kNow);
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->family, Family::kIpv6);
  EXPECT_THAT(report_.lines, SizeIs(2));
  EXPECT_FALSE(removal_.has_parts());
  EXPECT_EQ(removal_.due(), std::nullopt);
  EXPECT_EQ(iptables_.chains(Family::kIpv4, "nat").count("A"), 0u);
  EXPECT_EQ(iptables_.chains(Family::kIpv6, "nat").count("C"), 0u);
  EXPECT_TRUE(finish().ok());
  removal_.audit(kNow);
  EXPECT_EQ(removal_.due(), std::nullopt);
}

TEST_F(OtherModesRemovalTest, AFailureEndsItsFamilyAndIsToldAtTheEnd) {
  have(Family::kIpv4, {"A"});
  have(Family::kIpv6, {"C"});
  // A chain that is built in cannot be deleted.
  removal_.remove(Family::kIpv4, parts({"PREROUTING", "A"}));
  removal_.remove(Family::kIpv6, parts({"C"}));
  EXPECT_FALSE(removal_.remove_part(report_, kNow));
  ASSERT_TRUE(removal_.has_parts());
  EXPECT_EQ(removal_.due(), kNow);
  auto removed = removal_.remove_part(report_, kNow);
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->family, Family::kIpv6);
  EXPECT_FALSE(removal_.has_parts());
  EXPECT_EQ(iptables_.chains(Family::kIpv4, "nat").count("A"), 1u);
  EXPECT_THAT(finish().message(), HasSubstr("cannot delete PREROUTING"));
  removal_.audit(kNow + seconds(30));
  EXPECT_EQ(removal_.due(), kNow + seconds(30));
  EXPECT_TRUE(finish().ok()) << "it is told once";
}

TEST_F(OtherModesRemovalTest, OnlyTablesOfTheNftablesModeGo) {
  const netconf::NftTable other{Family::kIpv4, "nat"};
  nft_.tables() = {other, {Family::kIpv4, "kube-proxy"}, {Family::kIpv6, "kube-proxy"}};
  EXPECT_THAT(*removal_.nftables_mode(), SizeIs(2));
  EXPECT_TRUE(finish().ok());
  EXPECT_THAT(nft_.tables(), ElementsAre(other));
  EXPECT_THAT(report_.lines,
              ElementsAre("nft delete table ip kube-proxy", "nft delete table ip6 kube-proxy"));
}

TEST_F(OtherModesRemovalTest, ATableThatIsGoneAlreadyIsNoFailure) {
  nft_.tables() = {{Family::kIpv4, "kube-proxy"}};
  const auto tables = removal_.nftables_mode();
  nft_.tables().clear();
  EXPECT_TRUE(removal_.finish(tables, report_).ok());
}

TEST_F(OtherModesRemovalTest, ATableThatStaysIsAFailure) {
  nft_.tables() = {{Family::kIpv6, "kube-proxy"}};
  nft_.set_failure(EBUSY);
  EXPECT_THAT(finish().message(), HasSubstr("delete table ip6 kube-proxy"));
  EXPECT_THAT(report_.lines, IsEmpty());
  nft_.set_failure(0);
  EXPECT_TRUE(finish().ok());
}

TEST_F(OtherModesRemovalTest, AKernelWithoutNftablesHasNone) {
  nft_.set_missing(true);
  ASSERT_TRUE(removal_.nftables_mode().ok());
  EXPECT_THAT(*removal_.nftables_mode(), IsEmpty());
  EXPECT_TRUE(finish().ok());
}

TEST_F(OtherModesRemovalTest, TablesThatCannotBeReadAreAFailure) {
  const base::Status unread = base::Status::from_errno(EPERM, "read nft tables");
  EXPECT_EQ(removal_.finish(unread, report_), unread);
  removal_.audit(kNow);
  EXPECT_EQ(removal_.due(), kNow);
}

}  // namespace
}  // namespace agent
