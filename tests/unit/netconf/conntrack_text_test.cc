#include <gtest/gtest.h>

#include "netconf/conntrack_table.h"

namespace netconf {
namespace {

base::IpAddress ip(std::string_view text) { return base::IpAddress::parse(text).value(); }

TEST(ConntrackText, IsWhatTheToolPrintsAndTakes) {
  Flow flow{.protocol = base::Protocol::kUdp,
            .original = {ip("10.0.0.1"), 40000, ip("10.96.0.10"), 53},
            .reply = {ip("10.1.0.5"), 5353, ip("10.0.0.1"), 40000}};
  EXPECT_EQ(to_text(flow),
            "udp src=10.0.0.1 dst=10.96.0.10 sport=40000 dport=53 src=10.1.0.5 dst=10.0.0.1 "
            "sport=5353 dport=40000");
  EXPECT_EQ(to_text(DeleteFlow{flow}),
            "-D -p udp -s 10.0.0.1 -d 10.96.0.10 --sport 40000 --dport 53");
  flow.zone = 7;
  EXPECT_TRUE(to_text(flow).ends_with(" zone=7"));
  EXPECT_TRUE(to_text(DeleteFlow{flow}).ends_with(" -w 7"));
}

}  // namespace
}  // namespace netconf
