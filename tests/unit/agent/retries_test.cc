#include "agent/retries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

const HostThing kThing = base::IpAddress();
const base::TimePoint kStart{std::chrono::hours(1)};

base::Status transient() { return base::Status(base::Code::kUnavailable, "busy"); }

TEST(Retries, ADriftIsDueAtOnceThenBacksOff) {
  Retries retries(1);
  base::Status drift(base::Code::kNotFound, "gone");
  retries.failed(kThing, drift, kStart);
  EXPECT_THAT(retries.take_due(kStart), ElementsAre(kThing));
  retries.failed(kThing, drift, kStart);
  retries.end_round();
  EXPECT_THAT(retries.take_due(kStart), IsEmpty());
  EXPECT_GT(*retries.next(), kStart);
}

TEST(Retries, WaitsDoubleToTheCapWithJitter) {
  Retries retries(1);
  for (int expected_ms : {500, 1000, 2000, 4000, 8000, 16000, 30000, 30000}) {
    retries.failed(kThing, transient(), kStart);
    base::Duration wait = *retries.next() - kStart;
    EXPECT_GE(wait, milliseconds(expected_ms));
    EXPECT_LE(wait, milliseconds(expected_ms) * 3 / 2);
  }
  EXPECT_EQ(retries.all().at(kThing).failures, 8);
}

TEST(Retries, WhatTheKernelRejectsWaitsLong) {
  Retries retries(1);
  retries.failed(kThing, base::Status(base::Code::kInvalidArgument, "no"), kStart);
  EXPECT_GE(*retries.next(), kStart + seconds(30));
  for (int i = 0; i < 10; ++i) {
    retries.failed(kThing, base::Status(base::Code::kInvalidArgument, "no"), kStart);
  }
  EXPECT_LE(*retries.next(), kStart + minutes(5) * 3 / 2);
}

TEST(Retries, OnlyARoundThatTookTheThingEndsItsWait) {
  Retries retries(1);
  retries.failed(kThing, transient(), kStart);
  retries.end_round();
  EXPECT_EQ(retries.size(), 1u) << "not taken, so nobody has read it again";
  EXPECT_THAT(retries.take_due(kStart + minutes(1)), ElementsAre(kThing));
  retries.end_round();
  EXPECT_EQ(retries.size(), 0u);
  EXPECT_EQ(retries.next(), std::nullopt);
}

TEST(Retries, AThingThatFailsAgainKeepsItsHistory) {
  Retries retries(1);
  retries.failed(kThing, transient(), kStart);
  (void)retries.take_due(kStart + minutes(1));
  retries.failed(kThing, transient(), kStart + minutes(1));
  retries.end_round();
  EXPECT_EQ(retries.all().at(kThing).failures, 2);
  EXPECT_EQ(retries.all().at(kThing).since, kStart);
}

TEST(Failure, EveryCodeHasAClass) {
  EXPECT_EQ(classify(base::Status(base::Code::kAlreadyExists, "")), FailureClass::kDrift);
  EXPECT_EQ(classify(base::Status(base::Code::kNotFound, "")), FailureClass::kDrift);
  EXPECT_EQ(classify(base::Status(base::Code::kInterrupted, "")), FailureClass::kInterrupted);
  EXPECT_EQ(classify(base::Status(base::Code::kResourceExhausted, "")), FailureClass::kTransient);
  EXPECT_EQ(classify(base::Status(base::Code::kUnavailable, "")), FailureClass::kTransient);
  EXPECT_EQ(classify(base::Status(base::Code::kUnsupported, "")), FailureClass::kRejected);
  EXPECT_EQ(classify(base::Status(base::Code::kPermissionDenied, "")), FailureClass::kFatal);
}

}  // namespace
}  // namespace agent
