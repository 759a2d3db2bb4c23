#include <gtest/gtest.h>

#include <array>
#include <unordered_set>

#include "ipvs/real_server.h"
#include "ipvs/schedulers.h"
#include "ipvs/virtual_server.h"

namespace ipvs {
namespace {

base::IpAddress ip(const char* text) { return *base::IpAddress::parse(text); }

TEST(Keys, ReadAsAPersonWritesThem) {
  EXPECT_EQ(to_string(VirtualServerKey{ip("10.96.0.1"), 80, base::Protocol::kTcp, 0}),
            "TCP 10.96.0.1:80");
  EXPECT_EQ(to_string(VirtualServerKey{ip("fd00::1"), 53, base::Protocol::kUdp, 0}),
            "UDP [fd00::1]:53");
  EXPECT_EQ(to_string(VirtualServerKey{ip("0.0.0.0"), 0, base::Protocol::kTcp, 7}), "FWM 7 IPv4");
  EXPECT_EQ(to_string(VirtualServerKey{ip("::"), 0, base::Protocol::kTcp, 7}), "FWM 7 IPv6");
  EXPECT_EQ(to_string(RealServerKey{ip("10.244.1.5"), 8080}), "10.244.1.5:8080");
  EXPECT_EQ(to_string(RealServerKey{ip("fd00::5"), 8080}), "[fd00::5]:8080");
}

TEST(Keys, HashToDifferentPlaces) {
  std::unordered_set<std::size_t> hashes;
  std::size_t keys = 0;
  for (std::uint8_t last = 0; last < 100; ++last) {
    for (base::Port port : {base::Port{53}, base::Port{80}, base::Port{443}}) {
      for (base::Protocol protocol : {base::Protocol::kTcp, base::Protocol::kUdp}) {
        std::array<std::uint8_t, 4> bytes = {10, 96, 0, last};
        VirtualServerKey key{base::IpAddress::from_bytes(bytes), port, protocol, 0};
        hashes.insert(std::hash<VirtualServerKey>()(key));
        ++keys;
      }
    }
  }
  EXPECT_EQ(hashes.size(), keys);
}

TEST(Schedulers, AreFoundByName) {
  EXPECT_EQ(schedulers().size(), 14u);
  for (const Scheduler& scheduler : schedulers()) {
    EXPECT_EQ(find_scheduler(scheduler.name), &scheduler);
    EXPECT_FALSE(scheduler.meaning.empty());
  }
  EXPECT_EQ(find_scheduler("fastest"), nullptr);
}

TEST(Schedulers, NameTheirFlags) {
  EXPECT_EQ(scheduler_flags_text("sh", kFlagScheduler1 | kFlagScheduler2), "sh-fallback,sh-port");
  EXPECT_EQ(scheduler_flags_text("mh", kFlagScheduler2), "mh-port");
  EXPECT_EQ(scheduler_flags_text("rr", kFlagScheduler1 | kFlagScheduler3), "flag-1,flag-3");
  EXPECT_EQ(scheduler_flags_text("rr", kFlagPersistent | kFlagOnePacket), "");
  EXPECT_EQ(*parse_scheduler_flags("sh", "sh-port,flag-1"), kFlagScheduler1 | kFlagScheduler2);
  base::Result<std::uint32_t> wrong = parse_scheduler_flags("mh", "sh-port");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.status().message(),
            "scheduler flag \"sh-port\" is not known to mh; allowed: flag-1, flag-2, flag-3, "
            "mh-fallback, mh-port");
}

}  // namespace
}  // namespace ipvs
