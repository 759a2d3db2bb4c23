#include "watchers/known_objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace watchers {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const ObjectKey kA{"x", "a"};
const ObjectKey kB{"x", "b"};
const ObjectKey kC{"x", "c"};

TEST(KnownObjects, TellsNewVersions) {
  KnownObjects known;
  EXPECT_TRUE(known.note(kA, "1"));
  EXPECT_FALSE(known.note(kA, "1"));
  EXPECT_TRUE(known.note(kA, "2"));
  EXPECT_TRUE(known.note(kB, ""));
  EXPECT_TRUE(known.note(kB, "")) << "without a version nobody knows";
  known.forget(kA);
  EXPECT_TRUE(known.note(kA, "2"));
}

TEST(KnownObjects, WhatAListDoesNotHaveIsGone) {
  KnownObjects known;
  known.begin_list();
  known.note(kA, "1");
  known.note(kB, "1");
  EXPECT_THAT(known.end_list(), IsEmpty());
  known.note(kC, "2");  // by the watch
  known.begin_list();
  known.note(kB, "1");
  EXPECT_THAT(known.end_list(), UnorderedElementsAre(kA, kC));
  EXPECT_EQ(known.size(), 1U);
}

TEST(KnownObjects, AListThatBrokeOffDoesNotCount) {
  KnownObjects known;
  known.begin_list();
  known.note(kA, "1");
  known.note(kB, "1");
  known.end_list();
  known.begin_list();
  known.note(kA, "1");
  known.begin_list();
  known.touch(kB);
  known.touch(kC);  // not known: stays so
  EXPECT_THAT(known.end_list(), UnorderedElementsAre(kA));
  EXPECT_EQ(known.size(), 1U);
}

}  // namespace
}  // namespace watchers
