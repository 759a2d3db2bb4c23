#include "agent/audit_slices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <vector>

namespace agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Each;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::Ge;
using testing::Le;
using testing::SizeIs;

using Keys = std::vector<ipvs::VirtualServerKey>;

const base::TimePoint kStart = base::TimePoint() + std::chrono::hours(1);
constexpr base::Duration kPeriod = seconds(30);

// Of one address, ascending.
Keys keys(std::size_t count) {
  const base::IpAddress address = *base::IpAddress::parse("10.96.0.10");
  Keys keys;
  for (std::size_t i = 0; i < count; ++i) {
    keys.push_back({.address = address,
                    .port = static_cast<base::Port>(i + 1),
                    .protocol = base::Protocol::kTcp});
  }
  return keys;
}

struct Period {
  std::vector<std::size_t> sizes;  // virtual servers of each slice
  std::vector<std::size_t> steps;
  Keys seen;
};

// Takes every slice of the period that has begun, each when it is due.
Period run(AuditSlices& slices) {
  Period period;
  slices.set_due(kStart);
  bool last = false;
  while (!last) {
    const AuditSlices::Slice slice = slices.take(slices.due(), kPeriod);
    last = slice.last;
    EXPECT_EQ(last, slices.is_over());
    EXPECT_TRUE(std::is_sorted(slice.virtual_servers.begin(), slice.virtual_servers.end()));
    period.sizes.push_back(slice.virtual_servers.size());
    period.seen.insert(period.seen.begin(), slice.virtual_servers.begin(),
                       slice.virtual_servers.end());
    if (slice.step) period.steps.push_back(*slice.step);
  }
  return period;
}

std::vector<std::size_t> every_step() {
  std::vector<std::size_t> steps(AuditSlices::kSteps);
  std::iota(steps.begin(), steps.end(), 0);
  return steps;
}

TEST(AuditSlices, APeriodMustBeginFirst) {
  AuditSlices slices;
  EXPECT_TRUE(slices.is_over());
  slices.begin_period({});
  EXPECT_FALSE(slices.take(kStart, kPeriod).last);
  EXPECT_FALSE(slices.is_over());
}

TEST(AuditSlices, AnEmptyHostHasEveryStepInASliceOfItsOwn) {
  AuditSlices slices;
  slices.begin_period({});
  const Period period = run(slices);
  EXPECT_THAT(period.sizes, SizeIs(AuditSlices::kSteps));
  EXPECT_THAT(period.sizes, Each(0u));
  EXPECT_THAT(period.steps, ElementsAreArray(every_step()));
  EXPECT_TRUE(slices.is_over());
}

TEST(AuditSlices, FewVirtualServersAreTakenFromTheEndOnePerSlice) {
  AuditSlices slices;
  const Keys all = keys(3);
  slices.begin_period({all[1], all[2], all[0]});
  for (const std::size_t expected : {2u, 1u, 0u}) {
    const AuditSlices::Slice slice = slices.take(kStart, kPeriod);
    EXPECT_THAT(slice.virtual_servers, ElementsAre(all[expected]));
  }
  EXPECT_TRUE(slices.take(kStart, kPeriod).virtual_servers.empty());
}

TEST(AuditSlices, ASliceStaysWhatItIsWhileOthersAreTaken) {
  AuditSlices slices;
  const Keys all = keys(2);
  slices.begin_period(all);
  const AuditSlices::Slice first = slices.take(kStart, kPeriod);
  const AuditSlices::Slice second = slices.take(kStart, kPeriod);
  EXPECT_THAT(first.virtual_servers, ElementsAre(all[1]));
  EXPECT_THAT(second.virtual_servers, ElementsAre(all[0]));
}

// Sizes at and beside which the number of slices changes: each is seen once, with every step.
TEST(AuditSlices, EveryVirtualServerIsSeenOnceAndEveryStepComesOnce) {
  for (const std::size_t count :
       {1u, 29u, 30u, 31u, 959u, 960u, 991u, 992u, 5000u, 9599u, 9600u, 9601u, 30000u}) {
    AuditSlices slices;
    slices.begin_period(keys(count));
    const Period period = run(slices);
    EXPECT_EQ(period.seen, keys(count)) << count;
    EXPECT_THAT(period.steps, ElementsAreArray(every_step())) << count;
    EXPECT_THAT(period.sizes,
                SizeIs(testing::AllOf(Ge(AuditSlices::kSteps), Le(AuditSlices::kMostSlices))))
        << count;
  }
}

TEST(AuditSlices, SlicesGrowOnlyOnceThereAreAsManyAsThereMayBe) {
  AuditSlices slices;
  slices.begin_period(keys(3200));
  EXPECT_THAT(run(slices).sizes, testing::AllOf(SizeIs(100), Each(32u)));
  slices.begin_period(keys(9600));
  EXPECT_THAT(run(slices).sizes, testing::AllOf(SizeIs(300), Each(32u)));
  slices.begin_period(keys(30000));
  EXPECT_THAT(run(slices).sizes, testing::AllOf(SizeIs(300), Each(100u)));
}

TEST(AuditSlices, TheSlicesOfAPeriodFillIt) {
  AuditSlices slices;
  slices.begin_period(keys(9600));
  slices.set_due(kStart);
  (void)slices.take(kStart, kPeriod);
  EXPECT_EQ(slices.due(), kStart + milliseconds(100));
  (void)slices.take(kStart + seconds(7), kPeriod);  // late: the next is not sooner for it
  EXPECT_EQ(slices.due(), kStart + seconds(7) + milliseconds(100));

  AuditSlices few;
  few.begin_period({});
  (void)run(few);
  EXPECT_EQ(few.due(), kStart + kPeriod);
}

// Slices of different lengths leave the steps where they are.
TEST(AuditSlices, AStepComesAtItsPartOfThePeriod) {
  AuditSlices slices;
  slices.begin_period(keys(5000));  // 156 slices, no multiple of the steps
  slices.set_due(kStart);
  const base::Duration slice_length = kPeriod / 156;
  for (bool last = false; !last;) {
    const base::Duration at = slices.due() - kStart;
    const AuditSlices::Slice slice = slices.take(slices.due(), kPeriod);
    last = slice.last;
    if (!slice.step) continue;
    const base::Duration planned = *slice.step * (kPeriod / AuditSlices::kSteps);
    EXPECT_GE(at + milliseconds(1), planned) << *slice.step;
    EXPECT_LE(at, planned + slice_length) << *slice.step;
  }
}

}  // namespace
}  // namespace agent
