#include "base/ip_address.h"

#include <gtest/gtest.h>

#include <vector>

namespace base {
namespace {

TEST(IpAddress, ParsesAndPrintsTheShortestText) {
  for (const char* text : {"0.0.0.0", "10.96.0.1", "255.255.255.255", "::", "::1", "fd00:10:96::a",
                           "2001:db8::1:0:0:1"}) {
    Result<IpAddress> address = IpAddress::parse(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_EQ(address->to_string(), text);
  }
  EXPECT_EQ(IpAddress::parse("FD00:0:0::A")->to_string(), "fd00::a");
}

TEST(IpAddress, MappedTextIsTheIpv4Address) {
  EXPECT_EQ(*IpAddress::parse("::ffff:10.0.0.1"), *IpAddress::parse("10.0.0.1"));
}

TEST(IpAddress, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1 ", "1::2::3",
                           "fe80::1%lo", "example.org", "10.0.0.1/32"}) {
    Result<IpAddress> address = IpAddress::parse(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_EQ(address.status().code(), Code::kInvalidArgument);
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("10.0.0.1\0", 9)).ok());
}

TEST(IpAddress, OrdersByFamilyThenBytes) {
  std::vector<IpAddress> sorted = {*IpAddress::parse("9.255.0.0"), *IpAddress::parse("10.0.0.1"),
                                   *IpAddress::parse("::1"), *IpAddress::parse("fd00::")};
  EXPECT_TRUE(std::is_sorted(sorted.begin(), sorted.end()));
}

TEST(IpAddress, KnowsSpecialRanges) {
  EXPECT_TRUE(IpAddress::parse("127.9.9.9")->is_loopback());
  EXPECT_TRUE(IpAddress::parse("::1")->is_loopback());
  EXPECT_FALSE(IpAddress::parse("::2")->is_loopback());
  EXPECT_TRUE(IpAddress::parse("169.254.1.1")->is_link_local());
  EXPECT_TRUE(IpAddress::parse("febf::1")->is_link_local());
  EXPECT_FALSE(IpAddress::parse("fec0::1")->is_link_local());
  EXPECT_TRUE(IpAddress::parse("239.0.0.1")->is_multicast());
  EXPECT_TRUE(IpAddress::parse("ff02::1")->is_multicast());
}

TEST(IpPrefix, ContainsByLeadingBits) {
  IpPrefix prefix = *IpPrefix::parse("10.96.0.0/12");
  EXPECT_TRUE(prefix.contains(*IpAddress::parse("10.111.255.255")));
  EXPECT_FALSE(prefix.contains(*IpAddress::parse("10.112.0.0")));
  EXPECT_FALSE(prefix.contains(*IpAddress::parse("::a60:1")));
  EXPECT_TRUE(IpPrefix::parse("0.0.0.0/0")->contains(*IpAddress::parse("1.2.3.4")));
  EXPECT_TRUE(IpPrefix::parse("fd00::/9")->contains(*IpAddress::parse("fd7f::1")));
  EXPECT_FALSE(IpPrefix::parse("fd00::/9")->contains(*IpAddress::parse("fd80::1")));
}

TEST(IpPrefix, ReportsHostBits) {
  IpPrefix prefix = *IpPrefix::parse("10.1.2.3/16");
  EXPECT_TRUE(prefix.has_host_bits());
  EXPECT_EQ(prefix.to_string(), "10.1.2.3/16");
  EXPECT_EQ(prefix.masked().to_string(), "10.1.0.0/16");
}

TEST(IpPrefix, MappedTextIsTheIpv4Prefix) {
  EXPECT_EQ(*IpPrefix::parse("::ffff:10.0.0.0/104"), *IpPrefix::parse("10.0.0.0/8"));
  EXPECT_EQ(*IpPrefix::parse("::ffff:0:0/96"), *IpPrefix::parse("0.0.0.0/0"));
  EXPECT_EQ(*IpPrefix::parse("::ffff:10.0.0.1/128"), *IpPrefix::parse("10.0.0.1/32"));
}

TEST(IpPrefix, RefusesWhatIsNoCidr) {
  for (const char* text : {"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x",
                           "/8", "::/129", "::ffff:10.0.0.0/95", "::ffff:10.0.0.0/129"}) {
    EXPECT_FALSE(IpPrefix::parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace base
