#include "agent/recent_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/http_probe.h"
#include "tests/fakes/manual_clock.h"

namespace agent {
namespace {

class RecentLogTest : public testing::Test {
 protected:
  fakes::RecordingLog out_;
  fakes::ManualClock clock_;
  RecentLog log_{out_, clock_, 3};
};

TEST_F(RecentLogTest, RemembersTheLastLinesAndPassesAllOn) {
  for (int i = 0; i < 10; ++i) {
    clock_.advance(std::chrono::seconds(1));
    log_.info("applied", {{"number", i}});
  }
  auto lines = log_.newest(100);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0]->event, "applied");
  EXPECT_EQ(lines[0]->time, clock_.wall_now());
  using Fields = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(lines[0]->fields, (Fields{{"number", "9"}}));
  EXPECT_EQ(lines[2]->fields, (Fields{{"number", "7"}}));
  EXPECT_EQ(log_.newest(1).size(), 1u);
  EXPECT_TRUE(out_.wait_for("applied number=0"));
}

TEST_F(RecentLogTest, LeavesDebugLinesOutAndKeepsTheLevel) {
  log_.debug("upkeep");
  log_.warning("degraded");
  auto lines = log_.newest(100);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]->level, LogLevel::kWarning);
  EXPECT_TRUE(out_.wait_for("upkeep"));
}

TEST_F(RecentLogTest, CutsALineThatIsTooLongBetweenCharacters) {
  log_.info("applied", {{"commands", std::string(RecentLog::kMostBytes - 16, 'x') + "ää"},
                        {"more", "nobody has room for it"}});
  auto lines = log_.newest(1);
  ASSERT_EQ(lines[0]->fields.size(), 1u);
  const std::string& commands = lines[0]->fields[0].second;
  EXPECT_EQ(commands, std::string(RecentLog::kMostBytes - 16, 'x') + "...");
}

TEST_F(RecentLogTest, WithNothingToRememberItOnlyPassesOn) {
  RecentLog none(out_, clock_, 0);
  none.info("applied");
  EXPECT_TRUE(none.newest(10).empty());
  EXPECT_TRUE(out_.wait_for("applied"));
}

}  // namespace
}  // namespace agent
