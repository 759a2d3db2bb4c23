#include "netconf/ipset_save.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netconf {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kSaved =
    "create B hash:ip,port family inet hashsize 2048 maxelem 65536 bucketsize 12 initval "
    "0x05fe5620\n"
    "add B 10.96.0.9,6:80\n"
    "add B 10.96.0.1,udp:53\n"
    "add B 10.96.0.1,udp:53\n"
    "add B 10.96.0.1,icmp:echo-request\n"
    "create A bitmap:port range 0-65535\n"
    "add A 443\n"
    "add A 80\n"
    "create C hash:ip,port,net family inet6 hashsize 1024 maxelem 10 timeout 600 counters\n"
    "add C fd00::1,tcp:443,fd00:1::/48 timeout 598 packets 0 bytes 0\n"
    "add C fd00::1,tcp:443,fd00:2::/48 timeout 598 packets 0 bytes 0 nomatch\n";

std::vector<Ipset> parse(std::string_view text, std::size_t piece_size) {
  IpsetSaveParser parser;
  while (!text.empty()) {
    parser.feed(text.substr(0, piece_size));
    text.remove_prefix(std::min(piece_size, text.size()));
  }
  base::Result<std::vector<Ipset>> sets = parser.finish();
  EXPECT_TRUE(sets.ok()) << sets.status().message();
  return sets ? *sets : std::vector<Ipset>();
}

TEST(IpsetSave, ReadsSetsSortedWithTheirEntries) {
  std::vector<Ipset> sets = parse(kSaved, kSaved.size());
  ASSERT_EQ(sets.size(), 3u);
  EXPECT_EQ(to_text(sets[0]), "create A bitmap:port range 0-65535\nadd A 80\nadd A 443\n");
  EXPECT_EQ(sets[0].spec, (IpsetSpec{.name = "A", .type = IpsetType::kBitmapPort}));
  EXPECT_EQ(to_text(sets[1]),
            "create B hash:ip,port family inet hashsize 2048 maxelem 65536\n"
            "add B 10.96.0.1,udp:53\n"
            "add B 10.96.0.9,tcp:80\n"
            "add B 10.96.0.1,icmp:echo-request\n");
  EXPECT_EQ(sets[2].other_parameters, "timeout 600 counters");
  EXPECT_EQ(sets[2].entries.size(), 1u);
  EXPECT_THAT(sets[2].foreign_entries,
              ElementsAre("fd00::1,tcp:443,fd00:2::/48 timeout 598 packets 0 bytes 0 nomatch"));
}

TEST(IpsetSave, ReadsMarks) {
  const std::string text =
      "create A hash:ip,port family inet hashsize 1024 maxelem 65536 skbinfo\n"
      "add A 10.96.0.1,tcp:80 skbmark 0x123/0x3fff\n"
      "add A 10.96.0.2,tcp:80\n";
  std::vector<Ipset> sets = parse(text, text.size());
  ASSERT_EQ(sets.size(), 1u);
  EXPECT_TRUE(sets[0].spec.skbinfo);
  EXPECT_EQ(sets[0].other_parameters, "");
  EXPECT_EQ(to_text(sets[0]), text);
  // What else follows a mark is not ours to say.
  sets = parse(
      "create A hash:ip,port skbinfo counters\n"
      "add A 10.96.0.1,6:80 skbmark 0x1/0x3 packets 0 bytes 0\n",
      7);
  EXPECT_EQ(sets.at(0).other_parameters, "counters");
  EXPECT_EQ(sets.at(0).entries.at(0).mark, 1u);
}

TEST(IpsetSave, PiecesMayEndAnywhere) {
  const std::vector<Ipset> whole = parse(kSaved, kSaved.size());
  for (std::size_t size : {1u, 2u, 7u, 64u}) EXPECT_EQ(parse(kSaved, size), whole) << size;
}

TEST(IpsetSave, ReadsBackWhatToTextPrints) {
  for (const Ipset& set : parse(kSaved, kSaved.size())) {
    EXPECT_THAT(parse(to_text(set), 100), ElementsAre(set));
  }
}

TEST(IpsetSave, APartOfTheRangeIsAnotherSize) {
  EXPECT_EQ(parse("create A bitmap:port range 100-199\n", 100).at(0).spec.max_elements, 100u);
}

TEST(IpsetSave, EmptyIsNoSets) { EXPECT_THAT(parse("", 1), IsEmpty()); }

TEST(IpsetSave, NamesTheFirstLineItCannotRead) {
  const std::vector<std::pair<std::string, base::Code>> cases = {
      {"Name: A\n", base::Code::kCorrupt},
      {"add A 80\n", base::Code::kCorrupt},
      {"create A\n", base::Code::kCorrupt},
      {"create A list:set size 8\n", base::Code::kUnsupported},
      {"create A hash:ip family inet5\n", base::Code::kCorrupt},
      {"create A hash:ip hashsize many\n", base::Code::kCorrupt},
      {"create A bitmap:port range 9-1\n", base::Code::kCorrupt},
      {"create A bitmap:port range 9\n", base::Code::kCorrupt},
  };
  for (const auto& [text, code] : cases) {
    IpsetSaveParser parser;
    parser.feed(text);
    parser.feed("create B hash:ip family inet\n");
    base::Status status = parser.finish().status();
    EXPECT_EQ(status.code(), code) << text;
    EXPECT_THAT(status.message(), HasSubstr("A")) << text;
    // The next text starts afresh.
    parser.feed("create B hash:ip family inet hashsize 64 maxelem 10\n");
    EXPECT_EQ(parser.finish()->size(), 1u);
  }
}

}  // namespace
}  // namespace netconf
