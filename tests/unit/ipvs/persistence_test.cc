#include "ipvs/persistence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace ipvs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// As the kernel prints it: two templates of the client 192.0.2.7 (one of a firewall mark), a
// connection of it, one of another client; the same in IPv6.
constexpr char kList[] =
    "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"
    "TCP C0000207 9C40 0A60000A 0050 0AF40105 1F90 ESTABLISHED     899\n"
    "TCP C0000208 0000 0A60000A 0050 0AF40106 1F90 NONE             11\n"
    "TCP C0000207 0000 0A60000A 0050 0AF40105 1F90 ASSURED         172\n"
    "UDP C0000207 0000 0A60000A 0035 0AF40107 0035 NONE              5\n"
    "IP  C0000207 0000 00002711 0000 0AF40108 0000 NONE             60\n"
    "TCP 2001:0db8:0001:0000:0000:0000:0000:0000 0000 fd00:0010:0096:0000:0000:0000:0000:0010 0050 "
    "fd00:0010:0244:0001:0000:0000:0000:0005 1F90 NONE            33\n"
    "IP  2001:0db8:0001:0000:0000:0000:0000:0007 0000 0000:2711:0000:0000:0000:0000:0000:0000 0000 "
    "fd00:0010:0244:0001:0000:0000:0000:0006 0000 NONE            44\n";

base::IpAddress ip(const char* text) { return *base::IpAddress::parse(text); }

VirtualServer sticky(const VirtualServerKey& key, int prefix = 0) {
  VirtualServer server;
  server.key = key;
  server.flags = kFlagPersistent;
  server.timeout_s = 10800;
  server.persistence_prefix = static_cast<std::uint8_t>(prefix != 0 ? prefix : key.address.bits());
  return server;
}
const VirtualServerKey kWeb = {ip("10.96.0.10"), 80, base::Protocol::kTcp, 0};
const VirtualServerKey kDns = {ip("10.96.0.10"), 53, base::Protocol::kUdp, 0};
const VirtualServerKey kWeb6 = {ip("fd00:10:96::10"), 80, base::Protocol::kTcp, 0};
const VirtualServerKey kMark = {ip("0.0.0.0"), 0, base::Protocol::kTcp, 0x2711};
const VirtualServerKey kMark6 = {ip("::"), 0, base::Protocol::kTcp, 0x2711};

FoundTemplates find(const std::vector<VirtualServer>& servers, const char* client,
                    const std::string& list = kList) {
  std::istringstream connections(list);
  return find_templates(connections, servers, ip(client));
}
// "10.244.1.5:8080 172"; "" where there is none.
std::string text(const FoundTemplates& found, const VirtualServerKey& key) {
  auto place = found.by_virtual_server.find(key);
  if (place == found.by_virtual_server.end()) return "";
  return to_string(place->second.server) + " " + std::to_string(place->second.left.count());
}

TEST(Persistence, FindsTheTemplateOfTheClient) {
  const FoundTemplates found = find({sticky(kWeb), sticky(kDns), sticky(kMark)}, "192.0.2.7");
  EXPECT_TRUE(found.complete.ok());
  EXPECT_EQ(text(found, kWeb), "10.244.1.5:8080 172");
  EXPECT_EQ(text(found, kDns), "10.244.1.7:53 5");
  EXPECT_EQ(text(found, kMark), "10.244.1.8:0 60");
  EXPECT_EQ(text(find({sticky(kWeb)}, "192.0.2.8"), kWeb), "10.244.1.6:8080 11");
  EXPECT_EQ(text(find({sticky(kWeb)}, "192.0.2.9"), kWeb), "");
}

TEST(Persistence, FindsTheTemplateOfTheClientsNetworkAndOfIpv6) {
  EXPECT_EQ(text(find({sticky(kWeb6, 64)}, "2001:db8:1::7"), kWeb6), "[fd00:10:244:1::5]:8080 33");
  EXPECT_EQ(text(find({sticky(kMark6)}, "2001:db8:1::7"), kMark6), "[fd00:10:244:1::6]:0 44");
  EXPECT_EQ(text(find({sticky(kWeb6)}, "2001:db8:1::7"), kWeb6), "");
}

TEST(Persistence, LooksForNothingElse) {
  VirtualServer plain = sticky(kWeb);
  plain.flags = 0;
  VirtualServer by_call = sticky(kWeb);
  by_call.persistence_engine = "sip";
  for (const VirtualServer& server : {plain, by_call, sticky(kWeb6)}) {
    EXPECT_EQ(find({server}, "192.0.2.7").by_virtual_server.size(), 0u);
  }
}

// FTP's data connections follow the same template, whatever their port.
TEST(Persistence, TheTemplateOfFtpHasNoPort) {
  VirtualServerKey ftp = kWeb;
  ftp.port = 21;
  EXPECT_EQ(text(find({sticky(ftp)}, "192.0.2.7",
                      "TCP C0000207 0000 0A60000A 0000 0AF40105 0000 NONE            9\n"),
                 ftp),
            "10.244.1.5:0 9");
}

TEST(Persistence, BrokenLinesAreNoTemplates) {
  for (const char* rest :
       {"", "0AF40105", "0AF40105 1F90", "0AF40105 1F90 NONE", "zz 1F90 NONE 1",
        "0AF4010Z 1F90 NONE 1", "0AF40105 FFFFF NONE 1", "0AF40105 1F90 NONE x"}) {
    const std::string line = std::string("TCP C0000207 0000 0A60000A 0050 ") + rest + "\n";
    EXPECT_EQ(text(find({sticky(kWeb)}, "192.0.2.7", line), kWeb), "") << line;
  }
}

TEST(Persistence, AListThatIsTooLongIsNotReadToItsEnd) {
  std::string list;
  for (int i = 0; i < 100000; ++i) list += "TCP C0000209 9C40 0A60000A 0050 0AF40105 1F90 NONE 9\n";
  const FoundTemplates found = find({sticky(kWeb)}, "192.0.2.7", list + kList);
  EXPECT_EQ(text(found, kWeb), "");
  EXPECT_THAT(found.complete.message(), HasSubstr("more than 100000 connections"));
  EXPECT_TRUE(find({sticky(kWeb)}, "192.0.2.7", kList + list).complete.ok());
}

TEST(Persistence, ReadsNothingWhereNothingIsPersistent) {
  EXPECT_TRUE(read_templates({}, ip("192.0.2.7")).complete.ok());
}

class WithPersistence : public ::testing::Test {
 protected:
  WithPersistence() {
    state_.server = sticky(kWeb);
    state_.real_servers.resize(1);
    state_.real_servers[0].server.key = {ip("10.244.1.5"), 8080};
    state_.real_servers[0].server.weight = 1;
  }
  ForetoldChoice choice(const FoundTemplates& found) const {
    return with_persistence({.server = {}, .why = "cannot be foretold: rr"}, state_, found);
  }
  VirtualServerState state_;
};

TEST_F(WithPersistence, TheSessionGoesBeforeTheScheduler) {
  for (base::Port port : {base::Port{8080}, base::Port{0}}) {
    FoundTemplates found;
    found.by_virtual_server[kWeb] = {.server = {ip("10.244.1.5"), port},
                                     .left = std::chrono::seconds(172)};
    const ForetoldChoice there = choice(found);
    EXPECT_EQ(there.server, (RealServerKey{ip("10.244.1.5"), 8080}));
    EXPECT_EQ(there.session_left, std::chrono::seconds(172));
    EXPECT_THAT(there.why, AllOf(HasSubstr("172 s"), HasSubstr("10800 s")));
  }
}

TEST_F(WithPersistence, ASessionWithWhomGetsNoConnectionsDoesNotCount) {
  FoundTemplates found;
  found.by_virtual_server[kWeb] = {.server = {ip("10.244.1.5"), 8080},
                                   .left = std::chrono::seconds(172)};
  state_.real_servers[0].server.weight = 0;
  EXPECT_FALSE(choice(found).server);
  EXPECT_FALSE(choice(found).session_left);
  EXPECT_THAT(choice(found).why, AllOf(HasSubstr("10.244.1.5:8080 does not count"),
                                       HasSubstr("weight 0"), HasSubstr("foretold: rr")));
  state_.real_servers.clear();
  EXPECT_THAT(choice(found).why, HasSubstr("is gone"));
}

TEST_F(WithPersistence, WithoutASessionTheSchedulerChoosesAndAnUnknownOneIsSaid) {
  EXPECT_THAT(choice({}).why, AllOf(StartsWith("the kernel has no session of the client"),
                                    HasSubstr("the scheduler chooses: cannot be foretold: rr")));
  FoundTemplates unread;
  unread.complete = base::Status(base::Code::kUnavailable, "cannot be read");
  EXPECT_THAT(choice(unread).why,
              AllOf(StartsWith("whether the kernel has a session"), HasSubstr("(cannot be read)")));
  state_.server.persistence_engine = "sip";
  EXPECT_THAT(choice({}).why, HasSubstr("by the engine sip"));
  state_.server.flags = 0;
  EXPECT_EQ(choice(unread).why, "cannot be foretold: rr");
}

}  // namespace
}  // namespace ipvs
