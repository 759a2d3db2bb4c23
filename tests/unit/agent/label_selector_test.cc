#include "agent/label_selector.h"

#include <gtest/gtest.h>

namespace agent {
namespace {

bool matches(const char* selector, const char* labels) {
  auto parsed = LabelSelector::parse(selector);
  EXPECT_TRUE(parsed.ok()) << parsed.status().message();
  return parsed.ok() && parsed->matches(labels);
}

TEST(LabelSelector, EveryPartMustHold) {
  EXPECT_TRUE(matches("", ""));
  EXPECT_TRUE(matches("app=web", "app=web,tier=front"));
  EXPECT_TRUE(matches("tier==front , app=web", "app=web,tier=front"));
  EXPECT_FALSE(matches("app=web,tier=back", "app=web,tier=front"));
  EXPECT_FALSE(matches("app=web", "myapp=web,app=webb"));
}

TEST(LabelSelector, KnowsEveryFormOfKubectl) {
  EXPECT_TRUE(matches("app!=db", "app=web"));
  EXPECT_TRUE(matches("app!=db", ""));
  EXPECT_FALSE(matches("app!=db", "app=db"));
  EXPECT_TRUE(matches("app in (web, db)", "app=db"));
  EXPECT_FALSE(matches("app in (web,db)", "app=x"));
  EXPECT_FALSE(matches("app in (web,db)", ""));
  EXPECT_TRUE(matches("app notin (web,db),tier", "app=x,tier="));
  EXPECT_TRUE(matches("app notin (web)", ""));
  EXPECT_FALSE(matches("app notin (web)", "app=web"));
  EXPECT_TRUE(matches("example.org/team", "example.org/team=a"));
  EXPECT_FALSE(matches("!app", "app=web"));
  EXPECT_TRUE(matches("!app", "tier=front"));
}

TEST(LabelSelector, NamesWhatItDoesNotUnderstand) {
  for (const char* wrong :
       {"=web", "a=b=c", "app in web", "app on (web)", "a b", ",", "app in (a"}) {
    EXPECT_FALSE(LabelSelector::parse(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace agent
