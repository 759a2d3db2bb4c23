#include "agent/listen_address.h"

#include <gtest/gtest.h>

namespace agent {
namespace {

TEST(ListenAddress, ParsesAddressesWithAndWithoutPort) {
  const std::pair<const char*, const char*> cases[] = {
      {"0.0.0.0:10256", "0.0.0.0:10256"}, {"10.0.0.1", "10.0.0.1:99"}, {"[::]:10256", "[::]:10256"},
      {"[fd00::1]", "[fd00::1]:99"},      {"fd00::1", "[fd00::1]:99"}, {"::", "[::]:99"},
      {"127.0.0.1:0", "127.0.0.1:0"}};
  for (const auto& [text, expected] : cases) {
    base::Result<ListenAddress> where = parse_listen_address(text, 99);
    ASSERT_TRUE(where.ok()) << text;
    EXPECT_EQ(to_string(*where), expected);
    EXPECT_EQ(*parse_listen_address(to_string(*where), 1), *where);
  }
}

TEST(ListenAddress, RefusesEverythingElse) {
  for (const char* text : {"", ":80", "localhost:80", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:-1",
                           "[::1", "[::1]80", "[::1]:", "[10.0.0.1]:80", "10.0.0.1:80:80", "[]"}) {
    EXPECT_FALSE(parse_listen_address(text, 99).ok()) << text;
  }
}

}  // namespace
}  // namespace agent
