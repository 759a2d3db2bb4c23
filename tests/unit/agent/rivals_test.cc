#include "agent/rivals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "agent/proxy_lookout.h"
#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

using fakes::FakeAgent;
using fakes::FakeNode;
using fakes::make_service;
using fakes::make_slice;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;

namespace fs = std::filesystem;

constexpr seconds kPeriod(30);

base::IpAddress ip(const char* text) { return *base::IpAddress::parse(text); }

TEST(Rivals, HoldBackMoreAndMoreWhatDiffersAgainAndAgain) {
  Rivals rivals(kPeriod);
  HostThing thing = ip("10.96.0.10");
  base::TimePoint now(minutes(100));
  for (int i = 1; i < Rivals::kSuspicious; ++i, now += kPeriod) {
    EXPECT_FALSE(rivals.found(thing, now)) << i;
  }
  EXPECT_FALSE(rivals.suspect());
  base::Duration last{};
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(rivals.found(thing, now));
    EXPECT_EQ(rivals.suspect(), thing);
    EXPECT_EQ(rivals.held(), 1u);
    base::Duration hold = *rivals.next() - now;
    EXPECT_GE(hold, last);
    EXPECT_LE(hold, Rivals::kLongestHold);
    last = hold;
    EXPECT_TRUE(rivals.found(thing, now + hold / 2));  // still held, not counted
    EXPECT_THAT(rivals.take_due(now + hold - seconds(1)), IsEmpty());
    now += hold;
    EXPECT_THAT(rivals.take_due(now), ElementsAre(thing));
    EXPECT_EQ(rivals.held(), 0u);
    now += kPeriod;
  }
  EXPECT_EQ(last, Rivals::kLongestHold);
  rivals.forget_quiet(now);
  EXPECT_TRUE(rivals.suspect());
  rivals.forget_quiet(now + minutes(2));
  EXPECT_FALSE(rivals.suspect());
  EXPECT_FALSE(rivals.found(thing, now + minutes(3)));
}

TEST(Rivals, OneMistakeNowAndThenIsNoRival) {
  Rivals rivals(kPeriod);
  base::TimePoint now(minutes(100));
  for (int i = 0; i < 50; ++i, now += seconds(61)) {
    EXPECT_FALSE(rivals.found(ip("10.96.0.10"), now));
  }
  for (int i = 0; i < 50; ++i) {
    EXPECT_FALSE(rivals.found(base::IpAddress::from_bytes(std::array<std::uint8_t, 4>{
                                  10, 1, 1, static_cast<std::uint8_t>(i)}),
                              now));
  }
  EXPECT_FALSE(rivals.suspect());
}

// An agent with Service default/web, and somebody who wants another weight there.
class RivalTest : public testing::Test {
 protected:
  RivalTest() {
    agent_.put(make_service("web", "10.96.0.10", {{"", base::Protocol::kTcp, 80, 0}}));
    agent_.put(make_slice("web", "web-1", {{"", base::Protocol::kTcp, 8080}}, {"10.244.1.1"}));
    agent_.sync();
    agent_.run();
    node_.take_log();
  }
  bool is_right() {
    return node_.ipvs.read()->virtual_servers.at(0).real_servers.at(0).server.weight == 1;
  }
  void spoil() {
    ipvs::RealServer other = node_.ipvs.read()->virtual_servers.at(0).real_servers.at(0).server;
    other.weight = 7;
    std::vector<ipvs::IpvsOp> ops = {
        ipvs::EditRealServer{node_.ipvs.read()->virtual_servers.at(0).server.key, other}};
    ASSERT_TRUE(node_.ipvs.apply(ops).front().ok());
  }
  // The other one works for `time`: every 30 s it writes its own. Returns how often we wrote ours.
  int fight(base::Duration time) {
    int repairs = 0;
    for (base::Duration passed{}; passed < time; passed += kPeriod) {
      if (is_right()) spoil();
      node_.take_log();
      agent_.run_for(kPeriod);
      if (is_right()) ++repairs;
    }
    return repairs;
  }

  FakeNode node_;
  FakeAgent agent_{node_};
};

TEST_F(RivalTest, IsNamedOnceAndFoughtLessAndLess) {
  EXPECT_EQ(fight(5 * kPeriod), 5);
  EXPECT_THAT(agent_.host.problems(), Not(Contains(Key("another proxy"))));
  int next = fight(minutes(30));
  EXPECT_GE(next, 2);
  EXPECT_LE(next, 8);  // of 60
  EXPECT_THAT(agent_.host.problems().at("another proxy"),
              HasSubstr("such as TCP 10.96.0.10:80; two proxies on one node"));
  EXPECT_GE(agent_.host.rivals().held(), 1u);
  // When the other one has gone, the last repair holds.
  agent_.run_for(minutes(25), seconds(5));
  EXPECT_TRUE(is_right());
  EXPECT_THAT(agent_.host.problems(), Not(Contains(Key("another proxy"))));
  EXPECT_EQ(agent_.host.rivals().held(), 0u);
}

TEST_F(RivalTest, AChangeOfTheApiIsAppliedAllTheSame) {
  fight(minutes(10));
  spoil();
  agent_.put(
      make_slice("web", "web-1", {{"", base::Protocol::kTcp, 8080}}, {"10.244.1.1", "10.244.1.2"}));
  agent_.run();
  EXPECT_TRUE(is_right());
  EXPECT_EQ(node_.ipvs.read()->virtual_servers.at(0).real_servers.size(), 2u);
}

TEST_F(RivalTest, RulesAreHeldBackToo) {
  auto chain = [&]() -> auto& {
    return node_.iptables.chains(base::Family::kIpv4, "nat")["KUBE-MARK-MASQ"];
  };
  ASSERT_FALSE(chain().empty());
  int repairs = 0;
  for (int i = 0; i < 60; ++i) {
    chain().clear();
    agent_.run_for(kPeriod);
    if (!chain().empty()) ++repairs;
  }
  EXPECT_GE(repairs, Rivals::kSuspicious - 1);
  EXPECT_LE(repairs, 16);
  agent_.run_for(minutes(25), seconds(5));
  EXPECT_FALSE(chain().empty());
}

// A /proc in a folder.
class LookoutTest : public testing::Test {
 protected:
  LookoutTest()
      : proc_(fs::path(testing::TempDir()) /
              (std::string("proc-") +
               testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(proc_);
    add("self", "ipvs-agent", "net:[1]");
    add("1", "systemd", "net:[1]");
    fs::create_directories(proc_ / "sys");
  }
  ~LookoutTest() override { fs::remove_all(proc_); }
  void add(const std::string& id, const std::string& name, const std::string& network) {
    fs::create_directories(proc_ / id / "ns");
    std::ofstream(proc_ / id / "comm") << name << "\n";
    fs::create_symlink(network, proc_ / id / "ns" / "net");
  }

  fs::path proc_;
};

TEST_F(LookoutTest, FindsOnlyTheNameAndOnlyInOurNetwork) {
  EXPECT_EQ(find_in_our_network("kube-proxy", proc_), std::nullopt);
  add("17", "kube-proxy", "net:[2]");
  add("18", "kube-proxy-x", "net:[1]");
  EXPECT_EQ(find_in_our_network("kube-proxy", proc_), std::nullopt);
  add("123", "kube-proxy", "net:[1]");
  EXPECT_EQ(find_in_our_network("kube-proxy", proc_), 123);
  EXPECT_EQ(find_in_our_network("kube-proxy", "/nowhere"), std::nullopt);
}

TEST_F(LookoutTest, FindsThisProcessInTheRealProc) {
  std::string name;
  std::ifstream file("/proc/self/comm");
  std::getline(file, name);
  EXPECT_TRUE(find_in_our_network(name, "/proc"));
}

}  // namespace
}  // namespace agent
