#include <gtest/gtest.h>

#include "netconf/ipset_table.h"

namespace netconf {
namespace {

base::IpAddress ip(std::string_view text) { return base::IpAddress::parse(text).value(); }

TEST(IpsetEntryText, ReadsAndPrintsEveryType) {
  const std::vector<std::pair<IpsetType, std::string>> cases = {
      {IpsetType::kHashIp, "10.96.0.1"},
      {IpsetType::kHashIp, "fd00:96::1"},
      {IpsetType::kHashIpPort, "10.96.0.1,tcp:80"},
      {IpsetType::kHashIpPort, "fd00:96::1,udp:53"},
      {IpsetType::kHashIpPort, "192.0.2.7,sctp:30000"},
      {IpsetType::kHashIpPort, "192.0.2.7,tcp:80 skbmark 0x123/0x3fff"},
      {IpsetType::kHashIpPort, "192.0.2.7,tcp:80 skbmark 0xffffffff"},
      {IpsetType::kHashIpPortIp, "10.0.0.5,tcp:80,10.0.0.5"},
      {IpsetType::kHashIpPortIp, "fd00::5,udp:53,fd00::5"},
      {IpsetType::kHashIpPortNet, "192.0.2.1,tcp:443,10.0.0.0/8"},
      {IpsetType::kHashIpPortNet, "192.0.2.1,tcp:443,10.0.0.9"},
      {IpsetType::kHashIpPortNet, "fd00::1,tcp:443,fd00:1::/32"},
      {IpsetType::kBitmapPort, "30080"},
  };
  for (const auto& [type, text] : cases) {
    base::Result<IpsetEntry> entry = parse_entry(type, text);
    ASSERT_TRUE(entry) << text << ": " << entry.status().message();
    EXPECT_EQ(to_text(type, *entry), text);
  }
}

TEST(IpsetEntryText, TakesProtocolNumbersForNames) {
  EXPECT_EQ(parse_entry(IpsetType::kHashIpPort, "10.96.0.1,6:80").value(),
            (IpsetEntry{.ip = ip("10.96.0.1"), .protocol = base::Protocol::kTcp, .port = 80}));
  EXPECT_EQ(parse_entry(IpsetType::kHashIpPort, "10.96.0.1,132:80")->protocol,
            base::Protocol::kSctp);
}

TEST(IpsetEntryText, FullLengthNetHasItsPrefix) {
  EXPECT_EQ(parse_entry(IpsetType::kHashIpPortNet, "192.0.2.1,tcp:443,10.0.0.9")->prefix2, 32);
  EXPECT_EQ(parse_entry(IpsetType::kHashIpPortNet, "fd00::1,tcp:443,fd00::9")->prefix2, 128);
}

TEST(IpsetEntryText, NamesWhatIsWrong) {
  const std::vector<std::pair<IpsetType, std::string>> cases = {
      {IpsetType::kHashIp, ""},
      {IpsetType::kHashIp, "10.0.0.1,"},
      {IpsetType::kHashIp, "10.0.0.1,tcp:80"},
      {IpsetType::kHashIpPort, "10.0.0.1"},
      {IpsetType::kHashIpPort, "10.0.0.1,tcp"},
      {IpsetType::kHashIpPort, "10.0.0.1,icmp:echo-request"},
      {IpsetType::kHashIpPort, "10.0.0.1,tcp:65536"},
      {IpsetType::kHashIpPort, "10.0.0.1,tcp:-1"},
      {IpsetType::kHashIpPort, "10.0.0.1,tcp:80 skbmark 12"},
      {IpsetType::kHashIpPort, "10.0.0.1,tcp:80 skbmark 0x12/"},
      {IpsetType::kHashIpPort, "10.0.0.1,tcp:80 skbmark 0x123456789"},
      {IpsetType::kHashIpPort, "10.0.0.1,tcp:80 timeout 5"},
      {IpsetType::kHashIpPortIp, "10.0.0.1,tcp:80"},
      {IpsetType::kHashIpPortNet, "10.0.0.1,tcp:80,10.0.0.0/0"},
      {IpsetType::kHashIpPortNet, "10.0.0.1,tcp:80,10.0.0.0/33"},
      {IpsetType::kBitmapPort, "65536"},
      {IpsetType::kBitmapPort, "80-90"},
  };
  for (const auto& [type, text] : cases) {
    base::Status status = parse_entry(type, text).status();
    EXPECT_EQ(status.code(), base::Code::kInvalidArgument) << text;
    EXPECT_NE(status.message().find("\"" + text + "\""), std::string::npos) << status.message();
  }
}

TEST(IpsetEntryCanonical, ClearsHostBits) {
  IpsetEntry entry = parse_entry(IpsetType::kHashIpPortNet, "192.0.2.1,tcp:443,10.1.2.3/8").value();
  EXPECT_EQ(to_text(IpsetType::kHashIpPortNet,
                    canonical(IpsetType::kHashIpPortNet, base::Family::kIpv4, entry).value()),
            "192.0.2.1,tcp:443,10.0.0.0/8");
}

TEST(IpsetEntryCanonical, RefusesWhatTheKernelRefuses) {
  auto code = [](IpsetType type, base::Family family, IpsetEntry entry) {
    return canonical(type, family, entry).status().code();
  };
  IpsetEntry v6{.ip = ip("fd00::1"), .port = 80};
  EXPECT_EQ(code(IpsetType::kHashIpPort, base::Family::kIpv4, v6), base::Code::kInvalidArgument);
  EXPECT_EQ(code(IpsetType::kHashIp, base::Family::kIpv4, {}), base::Code::kInvalidArgument);
  IpsetEntry mixed{.ip = ip("10.0.0.1"), .port = 80, .ip2 = ip("fd00::1"), .prefix2 = 64};
  EXPECT_EQ(code(IpsetType::kHashIpPortNet, base::Family::kIpv4, mixed),
            base::Code::kInvalidArgument);
  IpsetEntry whole{.ip = ip("10.0.0.1"), .port = 80, .ip2 = ip("0.0.0.0"), .prefix2 = 0};
  EXPECT_EQ(code(IpsetType::kHashIpPortNet, base::Family::kIpv4, whole),
            base::Code::kInvalidArgument);
}

TEST(IpsetOpText, IsWhatIpsetRestoreTakes) {
  IpsetSpec spec{.name = "KUBE-6-CLUSTER-IP", .family = base::Family::kIpv6};
  EXPECT_EQ(to_text(IpsetOp(CreateIpset{spec})),
            "create KUBE-6-CLUSTER-IP hash:ip,port family inet6 hashsize 1024 maxelem 65536 "
            "-exist");
  EXPECT_EQ(to_text(IpsetOp(CreateIpset{{.name = "P", .type = IpsetType::kBitmapPort}})),
            "create P bitmap:port range 0-65535 -exist");
  EXPECT_EQ(to_text(IpsetOp(DestroyIpset{"P"})), "destroy P");
  EXPECT_EQ(to_text(IpsetOp(SwapIpsets{"A", "B"})), "swap A B");
  IpsetEntry entry{.ip = ip("10.96.0.1"), .port = 80};
  EXPECT_EQ(to_text(IpsetOp(AddIpsetEntry{"A", IpsetType::kHashIpPort, entry})),
            "add A 10.96.0.1,tcp:80 -exist");
  EXPECT_EQ(to_text(IpsetOp(DeleteIpsetEntry{"A", IpsetType::kHashIpPort, entry})),
            "del A 10.96.0.1,tcp:80 -exist");
}

TEST(IpsetText, IsWhatIpsetSavePrints) {
  Ipset set{.spec = {.name = "A", .hash_size = 2048, .max_elements = 100},
            .entries = {{.ip = ip("10.96.0.1"), .port = 80}},
            .other_parameters = "timeout 60",
            .foreign_entries = {"10.96.0.1,icmp:ping"}};
  EXPECT_EQ(to_text(set),
            "create A hash:ip,port family inet hashsize 2048 maxelem 100 timeout 60\n"
            "add A 10.96.0.1,tcp:80\n"
            "add A 10.96.0.1,icmp:ping\n");
}

TEST(IpsetSpec, GrowthOfTheHashIsNoDifference) {
  IpsetSpec made{.name = "A", .hash_size = 1024};
  IpsetSpec grown{.name = "A", .hash_size = 16384};
  IpsetSpec larger{.name = "A", .max_elements = 131072};
  EXPECT_EQ(made, grown);
  EXPECT_NE(made, larger);
}

}  // namespace
}  // namespace netconf
