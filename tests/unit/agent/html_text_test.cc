#include "agent/html_text.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace agent {
namespace {

std::string written(const HtmlText& html) { return std::move(HtmlText(html)).take(); }

TEST(HtmlText, EscapesWhateverIsNoLiteral) {
  HtmlText html;
  html.raw("<b title=\"").text("<a href='x'>\"&amp;").raw("\">").text("</b>").raw("</b>");
  EXPECT_EQ(written(html), "<b title=\"&lt;a href=&#39;x&#39;&gt;&quot;&amp;amp;\">&lt;/b&gt;</b>");
}

TEST(HtmlText, KeepsTextAndReplacesControlCharacters) {
  HtmlText html;
  html.text(std::string_view("a\0b\x1b[1m\tc\n\x7f", 11)).text("ä 名");
  EXPECT_EQ(written(html),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd[1m\tc\n\xef\xbf\xbdä 名");
}

TEST(HtmlText, EncodesPartsOfAQuery) {
  HtmlText html;
  html.query("team-1/a&b=c d+\"<é").query("A-z_0.9~");
  EXPECT_EQ(written(html), "team-1%2Fa%26b%3Dc%20d%2B%22%3C%C3%A9A-z_0.9~");
}

TEST(HtmlText, GroupsNumbers) {
  HtmlText html;
  html.number(0u).raw(" ").number(999u).raw(" ").number(1000u).raw(" ").number(UINT64_MAX);
  EXPECT_EQ(written(html), "0 999 1,000 18,446,744,073,709,551,615");
}

}  // namespace
}  // namespace agent
