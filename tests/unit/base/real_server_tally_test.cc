#include "base/real_server_tally.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace base {
namespace {

std::string summary(std::initializer_list<std::string_view> states) {
  RealServerTally tally;
  for (std::string_view state : states) tally.add(state);
  return tally.summary();
}

TEST(RealServerTally, AllThatServeAreOk) { EXPECT_EQ(summary({"ok", "ok"}), "ok"); }

TEST(RealServerTally, HasNoEndpointsWhereNoNewConnectionGoes) {
  EXPECT_EQ(summary({}), "no endpoints");
  EXPECT_EQ(summary({"draining", "weight 0"}), "no endpoints");
}

TEST(RealServerTally, CountsThoseThatLeave) {
  EXPECT_EQ(summary({"ok", "draining", "draining"}), "2 draining");
  EXPECT_EQ(summary({"draining", "ok", "weight 0"}), "1 at weight 0");
}

TEST(RealServerTally, WhatIsNotInStepIsToldFirst) {
  EXPECT_EQ(summary({"ok", "missing", "draining", "weight 0"}), "1 not in step");
  EXPECT_EQ(summary({"missing"}), "1 not in step");
  EXPECT_EQ(summary({"unwanted", "a word of another version"}), "2 not in step");
}

}  // namespace
}  // namespace base
