#include "watchers/cluster_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using base::Code;
using testing::HasSubstr;
using watchers::PemSource;
using watchers::ServerUrl;

std::string printed(std::string_view text) {
  base::Result<ServerUrl> url = ServerUrl::parse(text);
  return url ? url->to_string() : "error: " + url.status().message();
}

TEST(ServerUrl, TakesEveryFormOfAKubeconfig) {
  EXPECT_EQ(printed("https://10.0.0.1:6443"), "https://10.0.0.1:6443");
  EXPECT_EQ(printed("https://10.0.0.1"), "https://10.0.0.1:443");
  EXPECT_EQ(printed("https://api.example.com/"), "https://api.example.com:443");
  EXPECT_EQ(printed("https://rancher.example.com/k8s/clusters/c-1/"),
            "https://rancher.example.com:443/k8s/clusters/c-1");
  EXPECT_EQ(printed("https://[fd00::1]:6443"), "https://[fd00::1]:6443");
  EXPECT_EQ(printed("https://[FD00:0:0::1]"), "https://[fd00::1]:443");
  EXPECT_EQ(ServerUrl::parse("https://[fd00::1]:6443")->host, "fd00::1");
  EXPECT_EQ(ServerUrl::parse("https://[fd00::1]/p")->path, "/p");
}

TEST(ServerUrl, TakesPlainHttpForLoopbackOnly) {
  EXPECT_EQ(printed("http://127.0.0.1:8001"), "http://127.0.0.1:8001");
  EXPECT_EQ(printed("http://localhost:8001"), "http://localhost:8001");
  EXPECT_EQ(printed("http://[::1]:8001"), "http://[::1]:8001");
  EXPECT_THAT(printed("http://10.0.0.1:8080"), HasSubstr("use https://"));
}

TEST(ServerUrl, TellsWhatIsWrong) {
  for (std::string_view wrong :
       {"", "10.0.0.1:6443", "ftp://10.0.0.1", "https://", "https://:6443", "https://a b",
        "https://user@host", "https://host?x=1", "https://host/p?x=1", "https://host/p#x",
        "https://host\n", "https://[fd00::1", "https://[fd00::1]6443", "https://[10]:1"}) {
    EXPECT_THAT(printed(wrong), HasSubstr("error: \"" + std::string(wrong) + "\" is not the URL"));
  }
  EXPECT_THAT(printed("https://fd00::1:6443"), HasSubstr("must be put in brackets"));
  for (std::string_view port : {"0", "65536", "x", "", "-1", "1x"}) {
    EXPECT_THAT(printed("https://host:" + std::string(port)), HasSubstr("must be 1 to 65535"));
  }
}

TEST(PemSource, NeedsABlockOfTheRightKind) {
  const std::string certificate = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
  const std::string key = "-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n";
  EXPECT_TRUE(PemSource{.text = certificate}.read("CERTIFICATE"));
  EXPECT_TRUE(PemSource{.text = certificate + key}.read("PRIVATE KEY"));
  base::Result<std::string> missing = PemSource{.text = certificate}.read("PRIVATE KEY");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.status().code(), Code::kInvalidArgument);
  EXPECT_FALSE(PemSource{.text = "-----BEGIN CERTIFICATE"}.read("CERTIFICATE"));
  EXPECT_EQ(PemSource{.file = "/nonexistent/ca.crt"}.read("CERTIFICATE").status().code(),
            Code::kNotFound);
}

}  // namespace
