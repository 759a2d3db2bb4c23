#include "ipvs/foretold_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "ipvs/text.h"

namespace ipvs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

base::IpAddress ip(const std::string& text) { return *base::IpAddress::parse(text); }

// One with real servers 10.1.0.1, 10.1.0.2, ... of these weights, in the order of the kernel's
// list.
VirtualServerState state_of(const std::string& scheduler, const std::vector<std::uint32_t>& weights,
                            std::uint32_t flags = 0) {
  VirtualServerState state;
  state.server.key = {ip("10.96.0.10"), 80, base::Protocol::kTcp, 0};
  state.server.scheduler = scheduler;
  state.server.flags = flags;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    RealServerState& real = state.real_servers.emplace_back();
    real.server.key = {ip("10.1.0." + std::to_string(i + 1)), 8080};
    real.server.weight = weights[i];
    real.place = static_cast<std::uint32_t>(i);
  }
  return state;
}

ForetoldChoice choice_of(const VirtualServerState& state, const std::string& client,
                         base::Port port = 0) {
  return foretell_choice(state, state.server.key.address, {ip(client), port});
}

// How many of 1,000 clients each real server gets, by its address.
std::map<std::string, int> shares(const VirtualServerState& state) {
  std::map<std::string, int> counts;
  for (int i = 0; i < 1000; ++i) {
    auto choice =
        choice_of(state, "192.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1));
    ++counts[choice.server ? choice.server->address.to_string() : "nobody"];
  }
  return counts;
}

TEST(ForetoldChoice, GivesEachRealServerItsShareOfTheClients) {
  for (const char* scheduler : {"sh", "mh"}) {
    std::map<std::string, int> counts = shares(state_of(scheduler, {1, 1, 2}));
    EXPECT_GT(counts["10.1.0.1"], 150) << scheduler;
    EXPECT_GT(counts["10.1.0.2"], 150) << scheduler;
    EXPECT_GT(counts["10.1.0.3"], 350) << scheduler;
    EXPECT_EQ(counts.size(), 3u) << scheduler;
  }
}

TEST(ForetoldChoice, GoesByTheKernelsListNotByTheKeys) {
  VirtualServerState state = state_of("sh", {1, 1});
  auto before = choice_of(state, "192.0.2.1");
  std::swap(state.real_servers[0].place, state.real_servers[1].place);
  auto after = choice_of(state, "192.0.2.1");
  EXPECT_NE(before.server, after.server);
  std::swap(state.real_servers[0], state.real_servers[1]);
  EXPECT_EQ(choice_of(state, "192.0.2.1").server, after.server);
}

TEST(ForetoldChoice, FewClientsMoveWhenAMaglevRealServerComes) {
  VirtualServerState three = state_of("mh", {1, 1, 1});
  VirtualServerState four = state_of("mh", {1, 1, 1, 1});
  int moved = 0;
  for (int i = 1; i < 250; ++i) {
    std::string client = "192.0.2." + std::to_string(i);
    if (choice_of(three, client).server != choice_of(four, client).server) ++moved;
  }
  EXPECT_GT(moved, 30);
  EXPECT_LT(moved, 100);  // a quarter, not three quarters
}

TEST(ForetoldChoice, IsTheSameForEveryClientWithDh) {
  VirtualServerState state = state_of("dh", {1, 1, 1});
  EXPECT_EQ(shares(state).size(), 1u);
  EXPECT_THAT(choice_of(state, "192.0.2.1").why, HasSubstr("the same for every client"));
}

TEST(ForetoldChoice, LeavesTheClientsOfWeightZeroToNobodyUnlessItFallsBack) {
  std::map<std::string, int> counts = shares(state_of("sh", {0, 1}));
  EXPECT_GT(counts["nobody"], 300);
  EXPECT_GT(counts["10.1.0.2"], 300);
  EXPECT_EQ(shares(state_of("sh", {0, 1}, kFlagScheduler1)),
            (std::map<std::string, int>{{"10.1.0.2", 1000}}));
  for (int i = 1; i < 50; ++i) {
    auto choice = choice_of(state_of("sh", {0, 1}), "192.0.2." + std::to_string(i));
    if (choice.server) continue;
    EXPECT_THAT(choice.why, AllOf(StartsWith("none, "), HasSubstr("10.1.0.1:8080"),
                                  HasSubstr("does not fall back")));
  }
  EXPECT_THAT(choice_of(state_of("sh", {0, 0}, kFlagScheduler1), "192.0.2.1").why,
              HasSubstr("as all others that were tried have"));
  EXPECT_FALSE(choice_of(state_of("mh", {0, 1}), "192.0.2.1").server);
}

TEST(ForetoldChoice, AsksForThePortWhereItCounts) {
  for (const char* scheduler : {"sh", "mh"}) {
    VirtualServerState state = state_of(scheduler, {1, 1, 1}, kFlagScheduler2);
    auto unknown = choice_of(state, "192.0.2.1");
    EXPECT_FALSE(unknown.server);
    EXPECT_THAT(unknown.why, HasSubstr(std::string(scheduler) + "-port"));
    std::set<RealServerKey> found;
    for (base::Port port = 40000; port < 40100; ++port) {
      found.insert(choice_of(state, "192.0.2.1", port).server.value());
    }
    EXPECT_EQ(found.size(), 3u);
    // Without the flag the port is nothing.
    state.server.flags = 0;
    EXPECT_EQ(choice_of(state, "192.0.2.1", 40000).server, choice_of(state, "192.0.2.1").server);
  }
}

TEST(ForetoldChoice, SaysWhatItCannotTell) {
  for (const char* scheduler : {"rr", "wlc", "lblc", "sed"}) {
    auto choice = choice_of(state_of(scheduler, {1, 1}), "192.0.2.1");
    EXPECT_FALSE(choice.server);
    EXPECT_THAT(choice.why, StartsWith(std::string("cannot be foretold: ") + scheduler));
  }
  EXPECT_THAT(choice_of(state_of("sh", {}), "192.0.2.1").why, HasSubstr("no real server"));
  VirtualServerState limited = state_of("sh", {1, 1});
  limited.real_servers[0].server.upper_threshold = 10;
  EXPECT_FALSE(choice_of(limited, "192.0.2.1").server);
}

}  // namespace
}  // namespace ipvs
