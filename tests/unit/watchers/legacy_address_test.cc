#include "watchers/legacy_address.h"

#include <gtest/gtest.h>

namespace watchers {
namespace {

TEST(LegacyAddress, LeadingZerosAreDropped) {
  EXPECT_EQ(parse_legacy_address("010.096.000.010")->to_string(), "10.96.0.10");
  EXPECT_EQ(parse_legacy_address("000.0.00.0")->to_string(), "0.0.0.0");
  EXPECT_EQ(parse_legacy_address("::ffff:010.0.0.01")->to_string(), "10.0.0.1");
  EXPECT_EQ(parse_legacy_prefix("010.000.000.000/8")->to_string(), "10.0.0.0/8");
}

TEST(LegacyAddress, OtherTextIsReadAsEver) {
  EXPECT_EQ(parse_legacy_address("fd00:010::1")->to_string(), "fd00:10::1");
  for (const char* text : {"", "0", "010.0.0", "0256.0.0.1", "0x10.0.0.1", "00a.0.0.1", "0.0.0.0.",
                           "10..0.1", "010.0.0.1/8"}) {
    EXPECT_FALSE(parse_legacy_address(text).ok()) << text;
  }
  for (const char* text : {"010.0.0.0", "010.0.0.0/33", "010.0.0.0/", "/08"}) {
    EXPECT_FALSE(parse_legacy_prefix(text).ok()) << text;
  }
}

}  // namespace
}  // namespace watchers
