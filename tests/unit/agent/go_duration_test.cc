#include "agent/go_duration.h"

#include <gtest/gtest.h>

#include <limits>

namespace agent {
namespace {

using namespace std::chrono_literals;

TEST(GoDuration, ParsesWhatGoParses) {
  const std::pair<const char*, base::Duration> cases[] = {
      {"0", 0s},         {"0s", 0s},           {"30s", 30s},        {"1h30m", 90min},
      {"-1.5h", -90min}, {"100ms", 100ms},     {"1m0.5s", 60500ms}, {".5s", 500ms},
      {"3us", 3us},      {"3\xc2\xb5s", 3us},  {"+7ns", 7ns},       {"1s1h", 3601s},
      {"24h0m0s", 24h},  {"0.000000001s", 1ns}};
  for (const auto& [text, expected] : cases) {
    base::Result<base::Duration> parsed = parse_go_duration(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(*parsed, expected) << text;
  }
}

TEST(GoDuration, RefusesEverythingElse) {
  for (const char* text : {"", "-", "30", "s", "1d", "1h30", "1 s", " 1s", "1..5s", "abc",
                           "300000000h", "99999999999999999999s", "1e3s", "--1s"}) {
    base::Result<base::Duration> parsed = parse_go_duration(text);
    EXPECT_FALSE(parsed.ok()) << text;
  }
}

TEST(GoDuration, PrintsAsGoPrints) {
  const std::pair<const char*, base::Duration> cases[] = {
      {"0s", 0s},       {"30s", 30s},     {"15m0s", 15min},        {"24h0m0s", 24h},
      {"1.5s", 1500ms}, {"250ms", 250ms}, {"1h0m0.5s", 3600500ms}, {"1.1us", 1100ns},
      {"7ns", 7ns},     {"-2m0s", -2min}};
  for (const auto& [text, duration] : cases) EXPECT_EQ(to_go_duration(duration), text);
}

TEST(GoDuration, EveryDurationComesBack) {
  for (std::int64_t count = 1; count < std::numeric_limits<std::int64_t>::max() / 7;
       count = count * 7 + 3) {
    for (base::Duration duration : {base::Duration(count), base::Duration(-count)}) {
      base::Result<base::Duration> back = parse_go_duration(to_go_duration(duration));
      ASSERT_TRUE(back.ok()) << to_go_duration(duration);
      EXPECT_EQ(*back, duration);
    }
  }
}

}  // namespace
}  // namespace agent
