#include "agent/kernel_sets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <unordered_set>

#include "tests/fakes/fake_ipset_table.h"

namespace agent {
namespace {

using base::Family;
using netconf::IpsetEntry;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

IpsetEntry entry(const std::string& address) {
  return {.ip = *base::IpAddress::parse(address), .port = 80, .ip2 = {}};
}

class KernelSetsTest : public testing::Test {
 protected:
  void others_make(const netconf::IpsetSpec& spec) {
    std::vector<netconf::IpsetOp> create = {netconf::CreateIpset{spec}};
    ASSERT_TRUE(table_.apply(create).front().ok());
    table_.clear_log();
  }

  fakes::FakeIpsetTable table_;
  KernelSets sets_{table_, 4};
};

TEST_F(KernelSetsTest, MakesWhatIsMissing) {
  EXPECT_FALSE(sets_.usable(SetId::kClusterIp, Family::kIpv6));
  auto entries = sets_.prepare(SetId::kClusterIp, Family::kIpv6);
  ASSERT_TRUE(entries.ok());
  EXPECT_THAT(*entries, IsEmpty());
  EXPECT_TRUE(table_.exists("KUBE-6-CLUSTER-IP"));
  EXPECT_TRUE(sets_.usable(SetId::kClusterIp, Family::kIpv6));
  EXPECT_FALSE(sets_.usable(SetId::kClusterIp, Family::kIpv4));
  EXPECT_EQ(sets_.capacity(SetId::kClusterIp, Family::kIpv6), 4u);
}

TEST_F(KernelSetsTest, ASetOfPortsHasRoomForEveryPort) {
  constexpr SetId kPorts = SetId::kNodePortTcp;
  ASSERT_TRUE(sets_.prepare(kPorts, Family::kIpv4).ok());
  EXPECT_EQ(sets_.capacity(kPorts, Family::kIpv4), 65536u);
  // Somebody destroyed it, and it is made again.
  ASSERT_TRUE(sets_.destroy(kPorts, Family::kIpv4).ok());
  ASSERT_TRUE(sets_.create(kPorts, Family::kIpv4).ok());
  EXPECT_EQ(sets_.capacity(kPorts, Family::kIpv4), 65536u);
}

TEST_F(KernelSetsTest, KeepsWhatIsThereWithItsSizeAndEntries) {
  netconf::IpsetSpec larger = sets_.spec(SetId::kClusterIp, Family::kIpv4);
  larger.max_elements = 1000;
  others_make(larger);
  ASSERT_TRUE(sets_.add({SetId::kClusterIp, Family::kIpv4, entry("10.96.0.1")}).ok());
  table_.clear_log();
  auto entries = sets_.prepare(SetId::kClusterIp, Family::kIpv4);
  ASSERT_TRUE(entries.ok());
  EXPECT_THAT(*entries, ElementsAre(entry("10.96.0.1")));
  EXPECT_EQ(sets_.capacity(SetId::kClusterIp, Family::kIpv4), 1000u);
  EXPECT_THAT(table_.log(), IsEmpty());
}

TEST_F(KernelSetsTest, AnotherTypeIsReplacedUnlessItIsInUse) {
  netconf::IpsetSpec other = sets_.spec(SetId::kClusterIp, Family::kIpv4);
  other.type = netconf::IpsetType::kHashIp;
  others_make(other);
  table_.set_referenced({"KUBE-CLUSTER-IP"});
  auto refused = sets_.prepare(SetId::kClusterIp, Family::kIpv4);
  EXPECT_EQ(refused.status().code(), base::Code::kAlreadyExists);
  EXPECT_FALSE(sets_.usable(SetId::kClusterIp, Family::kIpv4));
  table_.set_referenced({});
  EXPECT_TRUE(sets_.prepare(SetId::kClusterIp, Family::kIpv4).ok());
  EXPECT_TRUE(sets_.usable(SetId::kClusterIp, Family::kIpv4));
  EXPECT_EQ(table_.sets().at("KUBE-CLUSTER-IP").spec.type, netconf::IpsetType::kHashIpPort);
}

TEST_F(KernelSetsTest, OneThatIsMadeAtNeedIsMadeOnceAndDestroyed) {
  ASSERT_TRUE(sets_.prepare(SetId::kInside, Family::kIpv4).ok());
  EXPECT_TRUE(sets_.usable(SetId::kInside, Family::kIpv4));
  EXPECT_FALSE(sets_.made(SetId::kInside, Family::kIpv4));
  EXPECT_FALSE(table_.exists("KUBE-INSIDE"));
  EXPECT_TRUE(sets_.create_at_need(SetId::kInside, Family::kIpv4).ok());
  EXPECT_TRUE(sets_.create_at_need(SetId::kInside, Family::kIpv4).ok());
  EXPECT_TRUE(sets_.made(SetId::kInside, Family::kIpv4));
  EXPECT_THAT(table_.log(), SizeIs(1));
  EXPECT_TRUE(sets_.destroy(SetId::kInside, Family::kIpv4).ok());
  EXPECT_FALSE(sets_.made(SetId::kInside, Family::kIpv4));
  sets_.give_up(SetId::kInside, Family::kIpv4);
  EXPECT_TRUE(sets_.create_at_need(SetId::kInside, Family::kIpv4).ok());
  EXPECT_FALSE(table_.exists("KUBE-INSIDE"));
}

TEST_F(KernelSetsTest, OthersAreNotMadeAtNeed) {
  ASSERT_TRUE(sets_.prepare(SetId::kClusterIp, Family::kIpv4).ok());
  table_.clear_log();
  EXPECT_TRUE(sets_.create_at_need(SetId::kClusterIp, Family::kIpv4).ok());
  EXPECT_THAT(table_.log(), IsEmpty());
  sets_.observe(SetId::kClusterIp, Family::kIpv4, true);
  EXPECT_FALSE(sets_.made(SetId::kClusterIp, Family::kIpv4));
}

TEST_F(KernelSetsTest, AFullSetIsSwappedForOneOfTwiceItsSize) {
  ASSERT_TRUE(sets_.prepare(SetId::kClusterIp, Family::kIpv4).ok());
  const std::unordered_set<IpsetEntry> entries = {entry("10.96.0.1"), entry("10.96.0.2")};
  KernelSets::Growth growth = sets_.grow(SetId::kClusterIp, Family::kIpv4, entries);
  EXPECT_TRUE(growth.grown);
  EXPECT_TRUE(growth.status.ok());
  EXPECT_EQ(sets_.capacity(SetId::kClusterIp, Family::kIpv4), 8u);
  EXPECT_EQ(table_.sets().at("KUBE-CLUSTER-IP").spec.max_elements, 8u);
  EXPECT_THAT(table_.sets().at("KUBE-CLUSTER-IP").entries, SizeIs(2));
  EXPECT_FALSE(table_.exists("KUBE-GROWING"));
}

TEST_F(KernelSetsTest, ASetThatIsGoneDoesNotGrow) {
  KernelSets::Growth growth = sets_.grow(SetId::kClusterIp, Family::kIpv4, {});
  EXPECT_FALSE(growth.grown);
  EXPECT_EQ(growth.status.code(), base::Code::kNotFound);
  EXPECT_FALSE(table_.exists("KUBE-GROWING"));
}

}  // namespace
}  // namespace agent
