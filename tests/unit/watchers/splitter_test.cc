#include "watchers/splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace watchers {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Split {
  std::vector<std::string> pieces;  // "E:" before an envelope, "!REASON:" before a defective one
  base::Status status;
};

Split split(Splitter::Shape shape, std::string_view body, std::size_t part = 1 << 20,
            Splitter::Limits limits = {}) {
  Split result;
  Splitter splitter(shape, limits, [&](const Splitter::Piece& piece) {
    std::string text(piece.bytes);
    if (!piece.defect.empty()) text = "!" + std::string(piece.defect) + ":" + text;
    result.pieces.push_back((piece.is_envelope ? "E:" : "") + text);
  });
  for (std::size_t at = 0; at < body.size() && result.status.ok(); at += part) {
    std::string bytes(body.substr(at, part));
    result.status = splitter.feed(bytes);
  }
  if (result.status.ok()) result.status = splitter.finish();
  return result;
}

// Splits the body in parts of every size up to 70 and expects the same each time.
Split split_anyhow(Splitter::Shape shape, std::string_view body) {
  Split whole = split(shape, body);
  for (std::size_t part = 1; part <= 70; ++part) {
    Split parts = split(shape, body, part);
    EXPECT_EQ(parts.pieces, whole.pieces) << "in parts of " << part;
    EXPECT_EQ(parts.status, whole.status) << "in parts of " << part;
  }
  return whole;
}

constexpr auto kList = Splitter::Shape::kList;
constexpr auto kStream = Splitter::Shape::kStream;

TEST(Splitter, CutsAListIntoItemsAndEnvelope) {
  Split result =
      split_anyhow(kList, R"( {"kind":"ServiceList","metadata":{"resourceVersion":"7"},"items":[)"
                          R"({"a":1}, {"b":[{},{"c":"}"}]}
 ,{}],"more":[1]} )");
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_THAT(result.pieces,
              ElementsAre(R"({"a":1})", R"({"b":[{},{"c":"}"}]})", "{}",
                          R"(E:{"kind":"ServiceList","metadata":{"resourceVersion":"7"},)"
                          R"("items":[],"more":[1]})"));
}

TEST(Splitter, FindsItemsOnlyAtTheTopOfAList) {
  Split result = split_anyhow(
      kList, R"({"metadata":{"items":[{"no":1}]},"x":"items","items":[{"yes":"items"}]})");
  EXPECT_THAT(result.pieces,
              ElementsAre(R"({"yes":"items"})",
                          R"(E:{"metadata":{"items":[{"no":1}]},"x":"items","items":[]})"));
  result = split_anyhow(kStream, R"({"items":[{"a":1}]})");
  EXPECT_THAT(result.pieces, ElementsAre(R"({"items":[{"a":1}]})"));
}

TEST(Splitter, AListWithoutItemsIsAnEnvelope) {
  EXPECT_THAT(split_anyhow(kList, R"({"kind":"Status","code":410})").pieces,
              ElementsAre(R"(E:{"kind":"Status","code":410})"));
  EXPECT_THAT(split_anyhow(kList, R"({"items":null})").pieces, ElementsAre(R"(E:{"items":null})"));
  EXPECT_THAT(split_anyhow(kList, R"({"items" : [ ] })").pieces,
              ElementsAre(R"(E:{"items" : [] })"));
}

TEST(Splitter, CutsAStreamIntoObjects) {
  Split result = split_anyhow(kStream, "{\"a\":\"\\\"}{\"}\n{\"b\":{}}{\"c\":[]}\r\n\n");
  EXPECT_TRUE(result.status.ok());
  EXPECT_THAT(result.pieces, ElementsAre("{\"a\":\"\\\"}{\"}", "{\"b\":{}}", "{\"c\":[]}"));
}

TEST(Splitter, LeavesOutManagedFields) {
  Split result = split_anyhow(
      kStream, R"({"m":{"managedFields":[{"f":{"x":["]\"}"]}},{}],"z":"managedFields"},"e":1})"
               R"({"managedFields" : [] , "managedFields":5,"managedFieldz":[{"kept":1}]})");
  EXPECT_THAT(result.pieces, ElementsAre(R"({"m":{"managedFields":[],"z":"managedFields"},"e":1})",
                                         R"({"managedFields" : [] , "managedFields":5,)"
                                         R"("managedFieldz":[{"kept":1}]})"));
  EXPECT_THAT(split_anyhow(kList, R"({"items":[{"managedFields":[{"a":{}}]}]})").pieces,
              ElementsAre(R"({"managedFields":[]})", R"(E:{"items":[]})"));
}

TEST(Splitter, SkipsAnObjectThatIsTooLongAndGoesOn) {
  Splitter::Limits limits{.object_bytes = 16, .depth = 256};
  for (std::size_t part : {1, 3, 16, 1000}) {
    Split stream = split(kStream, R"({"a":"0123456789abcdef"}{"b":1})", part, limits);
    EXPECT_TRUE(stream.status.ok());
    EXPECT_THAT(stream.pieces,
                ElementsAre(R"(!longer than the allowed 16 bytes:{"a":"0123456789)", R"({"b":1})"));
    Split list = split(kList, R"({"items":[{"a":"0123456789abcdef"},{"b":1}]})", part, limits);
    EXPECT_THAT(list.pieces, ElementsAre(R"(!longer than the allowed 16 bytes:{"a":"0123456789)",
                                         R"({"b":1})", R"(E:{"items":[]})"));
  }
}

TEST(Splitter, SkipsAnObjectThatIsTooDeepAndGoesOn) {
  std::string deep(100'000, '[');
  std::string body = "{\"a\":" + deep + std::string(100'000, ']') + "}{\"b\":1}";
  Split result = split(kStream, body, 4096);
  EXPECT_TRUE(result.status.ok());
  ASSERT_EQ(result.pieces.size(), 2U);
  EXPECT_THAT(result.pieces[0], HasSubstr("!nested deeper than the allowed 256 levels:{\"a\":[["));
  EXPECT_LT(result.pieces[0].size(), 400U);
  EXPECT_EQ(result.pieces[1], "{\"b\":1}");
}

TEST(Splitter, RefusesWhatIsNoObject) {
  EXPECT_THAT(split_anyhow(kStream, "]").status.message(), HasSubstr("closing bracket"));
  EXPECT_THAT(split_anyhow(kStream, "[1]").status.message(), HasSubstr("found an array"));
  EXPECT_THAT(split_anyhow(kList, "[{}]").status.message(), HasSubstr("found an array"));
  EXPECT_THAT(split_anyhow(kList, "{}{}").status.message(), HasSubstr("behind the end"));
  EXPECT_THAT(split_anyhow(kList, R"({"items":[[]]})").status.message(),
              HasSubstr("expected an object as list item"));
  Split html = split(kStream, "<html>\n<body>");
  EXPECT_EQ(html.status.code(), base::Code::kCorrupt);
  EXPECT_EQ(html.status.message(), "expected a JSON object, found \"<html>?<body>\"");
  EXPECT_EQ(split(kList, R"({"items":[null]})").status.message(),
            "expected an object as list item, found \"null]}\"");
  EXPECT_EQ(split(kStream, "{}\n42").status.code(), base::Code::kCorrupt);
  EXPECT_EQ(split(kStream, "\"text\"").status.code(), base::Code::kCorrupt);
}

TEST(Splitter, ToldTheEndKnowsWhetherItIsOne) {
  EXPECT_TRUE(split_anyhow(kStream, "").status.ok());
  EXPECT_TRUE(split_anyhow(kStream, "{}\n").status.ok());
  EXPECT_THAT(split_anyhow(kStream, "{}{").status.message(), HasSubstr("inside an object"));
  EXPECT_THAT(split_anyhow(kStream, "{\"").status.message(), HasSubstr("inside an object"));
  EXPECT_THAT(split_anyhow(kList, " ").status.message(), HasSubstr("empty"));
  Split cut = split_anyhow(kList, R"({"items":[{"a":1},{"b")");
  EXPECT_THAT(cut.pieces, ElementsAre(R"({"a":1})"));
  EXPECT_EQ(cut.status.code(), base::Code::kCorrupt);
}

TEST(Splitter, AnEventThatIsCutOffDoesNotSwallowThoseBehindIt) {
  const std::string whole = "{\"a\":{\"b\":[{\"c\":\"d\"}]},\"e\":1}\n";
  for (std::size_t kept = 1; kept + 2 < whole.size(); ++kept) {
    SCOPED_TRACE(whole.substr(0, kept));
    Split result = split_anyhow(kStream, whole.substr(0, kept) + "\n" + whole + whole + whole);
    EXPECT_EQ(result.status.code(), base::Code::kCorrupt);
    EXPECT_THAT(result.status.message(), HasSubstr("cut off"));
  }
}

TEST(Splitter, MixedUpBracketsAreLeftToTheParser) {
  EXPECT_THAT(split_anyhow(kStream, "{\"a\":[}]").pieces, ElementsAre("{\"a\":[}]"));
  EXPECT_THAT(split_anyhow(kList, "{\"items\":[{]}}").pieces,
              ElementsAre("{]", "E:{\"items\":[}}"));
}

}  // namespace
}  // namespace watchers
