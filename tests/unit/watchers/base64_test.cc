#include "watchers/base64.h"

#include <gtest/gtest.h>

namespace {

using watchers::decode_base64;

TEST(Base64, DecodesTheExamplesOfTheStandard) {
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(decode_base64("Zg=="), "f");
  EXPECT_EQ(decode_base64("Zm8="), "fo");
  EXPECT_EQ(decode_base64("Zm9v"), "foo");
  EXPECT_EQ(decode_base64("Zm9vYg=="), "foob");
  EXPECT_EQ(decode_base64("Zm9vYmFy"), "foobar");
  EXPECT_EQ(decode_base64("+/+/"), "\xfb\xff\xbf");
}

TEST(Base64, SkipsWhiteSpace) { EXPECT_EQ(decode_base64(" Zm9v\n\tYm\r\nFy "), "foobar"); }

TEST(Base64, RefusesEverythingElse) {
  for (const char* wrong : {"Z", "Zg", "Zg=", "Zg===", "====", "Z=g=", "Zm9v*", "Zm9-", "Zm9_"}) {
    EXPECT_FALSE(decode_base64(wrong)) << wrong;
  }
}

}  // namespace
