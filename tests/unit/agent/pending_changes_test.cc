#include "agent/pending_changes.h"

#include <gtest/gtest.h>

namespace agent {
namespace {

using namespace std::chrono_literals;

const watchers::ObjectKey kWeb{"default", "web"};
const watchers::ObjectKey kDns{"kube-system", "kube-dns"};

base::TimePoint at(int seconds) { return base::TimePoint(std::chrono::seconds(seconds)); }
base::WallTime noted(int seconds) { return base::WallTime(std::chrono::seconds(seconds)); }

TEST(PendingChanges, AServiceWaitsOnceWithTheTimesOfItsOldestChange) {
  PendingChanges changes;
  EXPECT_TRUE(changes.empty());
  changes.add(kWeb, {at(5), {noted(4), std::nullopt}, false, true});
  changes.add(kWeb, {at(3), {noted(6), noted(7)}, true, false});
  EXPECT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes.since(kWeb), at(3));
  PendingChanges::ByService taken = changes.take();
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken.at(kWeb).trigger_times, (TriggerTimes{noted(4), noted(7)}));
  EXPECT_TRUE(taken.at(kWeb).service_changed);
  EXPECT_TRUE(taken.at(kWeb).endpoints_changed);
}

TEST(PendingChanges, CountsTheReasons) {
  PendingChanges changes;
  changes.add(kWeb, {at(5), {}, true, false});
  changes.add(kDns, {at(2), {}, true, true});
  EXPECT_EQ(changes.service_changes(), 2u);
  EXPECT_EQ(changes.endpoint_changes(), 1u);
  EXPECT_EQ(changes.oldest(), at(2));
}

TEST(PendingChanges, WhatWasTakenDoesNotWait) {
  PendingChanges changes;
  changes.add(kWeb, {at(5), {}});
  EXPECT_EQ(changes.take().size(), 1u);
  EXPECT_TRUE(changes.empty());
  EXPECT_EQ(changes.oldest(), std::nullopt);
  EXPECT_EQ(changes.since(kWeb), std::nullopt);
}

TEST(TriggerTimes, AreThoseOfTheFamiliesOfTheEndpoints) {
  watchers::EndpointSlice slice;
  slice.trigger_time = noted(9);
  EXPECT_EQ(trigger_times(slice), (TriggerTimes{noted(9), noted(9)}));  // it does not say
  slice.groups.resize(1);
  slice.groups[0].endpoints.emplace_back().address = *base::IpAddress::parse("fd00::1");
  EXPECT_EQ(trigger_times(slice), (TriggerTimes{std::nullopt, noted(9)}));
}

}  // namespace
}  // namespace agent
