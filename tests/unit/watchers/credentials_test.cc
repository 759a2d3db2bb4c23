#include "watchers/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/fakes/manual_clock.h"

namespace {

using base::Code;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ns;
using watchers::BearerToken;

class BearerTokenTest : public testing::Test {
 protected:
  BearerTokenTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "token_XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = folder;
    file_ = folder + "/token";
  }
  ~BearerTokenTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& text) { std::ofstream(file_) << text; }
  static std::string text(BearerToken& token) {
    base::Result<std::string> current = token.current();
    return current ? *current : "error: " + current.status().message();
  }

  fakes::ManualClock clock_;
  std::string folder_;
  std::string file_;
};

TEST_F(BearerTokenTest, NothingConfiguredIsNoToken) {
  BearerToken token("", "", clock_);
  EXPECT_EQ(text(token), "");
}

TEST_F(BearerTokenTest, AFixedTokenStays) {
  BearerToken token("fixed", "", clock_);
  token.refused("fixed");
  EXPECT_EQ(text(token), "fixed");
}

TEST_F(BearerTokenTest, TheFileIsReadOnceAMinute) {
  write("one\n");
  BearerToken token("", file_, clock_);
  EXPECT_EQ(text(token), "one");
  write("two\n");
  clock_.advance(60s - 1ns);
  EXPECT_EQ(text(token), "one");
  clock_.advance(1ns);
  EXPECT_EQ(text(token), "two");
}

TEST_F(BearerTokenTest, ARefusalMakesTheFileBeReadAtOnce) {
  write("one\n");
  BearerToken token("", file_, clock_);
  EXPECT_EQ(text(token), "one");
  write("two\n");
  token.refused("one");
  EXPECT_EQ(text(token), "two");
  // The refusal of a token that is not in use any more tells nothing.
  write("three\n");
  token.refused("one");
  EXPECT_EQ(text(token), "two");
}

TEST_F(BearerTokenTest, TheOldTokenStandsWhileTheFileCannotBeRead) {
  write("one\n");
  BearerToken token("", file_, clock_);
  EXPECT_EQ(text(token), "one");
  for (const char* broken : {"", "two words\n", "con\x01trol\n"}) {
    write(broken);
    clock_.advance(60s);
    EXPECT_EQ(text(token), "one");
  }
  std::filesystem::remove(file_);
  token.refused("one");
  EXPECT_EQ(text(token), "one");
  write("two\n");
  token.refused("one");
  EXPECT_EQ(text(token), "two");
}

TEST_F(BearerTokenTest, TheFileWinsOverTheFixedTokenOnceItCanBeRead) {
  BearerToken token("fixed", file_, clock_);
  EXPECT_EQ(text(token), "fixed");
  write("  fresh \r\n");
  EXPECT_EQ(text(token), "fresh");
}

TEST_F(BearerTokenTest, AFileThatWasNeverReadableIsAnError) {
  BearerToken token("", file_, clock_);
  base::Result<std::string> current = token.current();
  ASSERT_FALSE(current);
  EXPECT_EQ(current.status().code(), Code::kNotFound);
  EXPECT_THAT(current.status().message(), testing::HasSubstr(file_));
  write("a\r\nInjected: header\n");
  current = token.current();
  ASSERT_FALSE(current);
  EXPECT_EQ(current.status().code(), Code::kInvalidArgument);
  EXPECT_THAT(current.status().message(), testing::HasSubstr("allowed: one line with the token"));
}

}  // namespace
