#include "agent/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/spdlog_log.h"

namespace agent {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Log, TextLinesArePasteable) {
  const LogField fields[] = {{"service", "default/web"},
                             {"op", "-a -t 10.0.0.1:80"},
                             {"empty", ""},
                             {"n", 7},
                             {"done", true},
                             {"text", std::string("a\"b\nc")}};
  EXPECT_EQ(text_line("applied", fields),
            "applied service=default/web op=\"-a -t 10.0.0.1:80\" empty=\"\" n=7 done=true "
            "text=\"a\\\"b\\nc\"");
  EXPECT_EQ(text_line("two\nlines", {}), "two lines");
}

TEST(Log, JsonMembersKeepNumbersAndTruthsBare) {
  const LogField fields[] = {{"service", "a\"b"}, {"n", -7}, {"done", false}};
  EXPECT_EQ(json_members("applied", fields),
            R"("msg":"applied","service":"a\"b","n":-7,"done":false)");
}

TEST(SpdlogLog, WritesOneLineAnEventFromItsLevelOn) {
  testing::internal::CaptureStderr();
  {
    std::unique_ptr<Log> log = make_spdlog_log({.format = LogFormat::kText, .verbosity = 0});
    EXPECT_FALSE(log->writes(LogLevel::kDebug));
    log->debug("hidden");
    log->warning("shown", {{"n", 1}});
    make_spdlog_log({.format = LogFormat::kText, .verbosity = 4})->debug("deep {}");
    make_spdlog_log({.format = LogFormat::kJson, .verbosity = 0})->error("bad", {{"e", "x%v"}});
  }
  std::string text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, Not(HasSubstr("hidden")));
  EXPECT_THAT(text, ContainsRegex("^[0-9]{4}-[0-9-]{5}T[0-9:]{8}\\.[0-9]{6}Z warning shown n=1\n"));
  EXPECT_THAT(text, HasSubstr("Z debug deep {}\n"));
  EXPECT_THAT(text, ContainsRegex("\\{\"ts\":\"[^\"]+Z\",\"level\":\"error\",\"msg\":\"bad\","
                                  "\"e\":\"x%v\"\\}\n$"));
}

}  // namespace
}  // namespace agent
