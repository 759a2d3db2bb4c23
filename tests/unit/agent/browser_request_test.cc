#include "agent/browser_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent {
namespace {

TEST(BrowserRequest, OnlyNamesOfThisMachineAreTaken) {
  for (const char* good : {"localhost", "localhost:10266", "LOCALHOST:1", "localhost.:80",
                           "127.0.0.1", "127.0.0.1:8080", "127.9.9.9:1", "[::1]", "[::1]:10266"}) {
    EXPECT_TRUE(names_loopback(good)) << good;
  }
  for (const char* bad : {"",
                          "evil.example",
                          "evil.example:10266",
                          "localhost.evil.example",
                          "localhost:80@evil",
                          "localhost:evil",
                          "evil-localhost",
                          "127.0.0.1.evil.example",
                          "127.0.0.1.nip.io:10266",
                          "10.0.0.1:10266",
                          "0.0.0.0:10266",
                          "[::]:10266",
                          "::1",
                          "[::1",
                          "[::1]evil",
                          "127.0.0.1:",
                          "2130706433",
                          "0x7f.1",
                          " localhost",
                          "localhost, evil"}) {
    EXPECT_FALSE(names_loopback(bad)) << bad;
  }
}

TEST(BrowserRequest, WhatWasTypedIsTrimmedAndInLowerCase) {
  auto question = services_question({.method = "GET",
                                     .path = "/",
                                     .parameters = {{"text", "  Web\t"},
                                                    {"namespace", " Team-1"},
                                                    {"troubled", "1"},
                                                    {"after", "team-1/a"},
                                                    {"unknown", "x"}}});
  ASSERT_TRUE(question.ok());
  EXPECT_EQ(question->text, "web");
  EXPECT_EQ(question->space, "team-1");
  EXPECT_TRUE(question->troubled);
  EXPECT_EQ(question->after, (watchers::ObjectKey{"team-1", "a"}));
  EXPECT_EQ(question->limit, 100u);
}

TEST(BrowserRequest, AWrongServiceIsNamed) {
  for (const char* wrong : {"web", "/web", "default/"}) {
    auto question =
        services_question({.method = "GET", .path = "/", .parameters = {{"after", wrong}}});
    ASSERT_FALSE(question.ok());
    EXPECT_EQ(question.status().message(),
              "after: found \"" + std::string(wrong) + "\", allowed: NAMESPACE/NAME");
  }
}

}  // namespace
}  // namespace agent
