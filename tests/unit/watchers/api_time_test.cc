#include "watchers/api_time.h"

#include <gtest/gtest.h>

namespace watchers {
namespace {

using std::chrono::nanoseconds;

TEST(ApiTime, ReadsWhatTheApiWrites) {
  EXPECT_EQ(parse_api_time("1970-01-01T00:00:00Z"), base::WallTime());
  EXPECT_EQ(parse_api_time("2001-09-09T01:46:40Z"),
            base::WallTime(std::chrono::seconds(1'000'000'000)));
  EXPECT_EQ(parse_api_time("1970-01-01T00:00:00.5Z"), base::WallTime(nanoseconds(500'000'000)));
  EXPECT_EQ(parse_api_time("1970-01-01T00:00:00.123456789Z"),
            base::WallTime(nanoseconds(123'456'789)));
  EXPECT_EQ(parse_api_time("1970-01-01T02:30:00+02:30"), base::WallTime());
  EXPECT_EQ(parse_api_time("1970-01-01T00:00:00-01:00"), base::WallTime(std::chrono::hours(1)));
}

TEST(ApiTime, RefusesOtherText) {
  for (const char* text :
       {"", "now", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.1234567890Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00ZZ",
        "2026-01-01T00:00:00+0200", "-026-01-01T00:00:00Z", "9999-01-01T00:00:00Z"}) {
    EXPECT_EQ(parse_api_time(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace watchers
