#include "agent/endpoint_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr base::Protocol kTcp = base::Protocol::kTcp;

std::vector<std::string> addresses(const std::vector<PortEndpoint>& endpoints) {
  std::vector<std::string> texts;
  for (const PortEndpoint& endpoint : endpoints) texts.push_back(endpoint.address.to_string());
  return texts;
}

PortEndpoint endpoint(const char* address, bool ready = true, bool local = false) {
  return {.address = *base::IpAddress::parse(address),
          .port = 80,
          .ready = ready,
          .serving = ready,
          .local = local};
}

watchers::SliceList slices(std::vector<watchers::EndpointSlice> list) {
  watchers::SliceList shared;
  for (watchers::EndpointSlice& slice : list) {
    shared.push_back(std::make_shared<const watchers::EndpointSlice>(std::move(slice)));
  }
  return shared;
}

TEST(EndpointsOfPort, JoinsByNameAndProtocolAndSortsByAddress) {
  watchers::EndpointSlice a = fakes::make_slice(
      "web", "a", {{"http", kTcp, 8080}, {"http", base::Protocol::kUdp, 9}}, {"10.0.0.2"});
  watchers::EndpointSlice b = fakes::make_slice("web", "b", {{"http", kTcp, 8081}}, {"10.0.0.1"});
  watchers::EndpointSlice c = fakes::make_slice("web", "c", {{"other", kTcp, 1}}, {"10.0.0.3"});
  watchers::EndpointSlice d = fakes::make_slice("web", "d", {{"http", kTcp, 80}}, {"fd00::1"});
  auto found = endpoints_of_port(slices({a, b, c, d}), "http", kTcp, base::Family::kIpv4, "n");
  EXPECT_THAT(addresses(found), ElementsAre("10.0.0.1", "10.0.0.2"));
  EXPECT_EQ(found[0].port, 8081);
}

TEST(EndpointsOfPort, TheMostUsableOfDuplicatesCountsWhateverTheOrder) {
  watchers::EndpointSlice a = fakes::make_slice("web", "a", {{"", kTcp, 80}}, {"10.0.0.1"});
  watchers::EndpointSlice b = a;
  b.groups[0].endpoints[0].ready = false;
  b.groups[0].endpoints[0].terminating = true;
  for (const auto& order : {slices({a, b}), slices({b, a})}) {
    auto found = endpoints_of_port(order, "", kTcp, base::Family::kIpv4, "");
    ASSERT_EQ(found.size(), 1u);
    EXPECT_TRUE(found[0].ready);
  }
}

TEST(EndpointsOfPort, IsLocalByNodeNameOnly) {
  watchers::EndpointSlice slice = fakes::make_slice("web", "a", {{"", kTcp, 80}}, {});
  slice.groups[0].endpoints = {fakes::make_endpoint("10.0.0.1", "me"),
                               fakes::make_endpoint("10.0.0.2", "you"),
                               fakes::make_endpoint("10.0.0.3")};
  auto found = endpoints_of_port(slices({slice}), "", kTcp, base::Family::kIpv4, "me");
  EXPECT_TRUE(found[0].local);
  EXPECT_FALSE(found[1].local);
  EXPECT_FALSE(found[2].local);
  EXPECT_FALSE(endpoints_of_port(slices({slice}), "", kTcp, base::Family::kIpv4, "")[2].local)
      << "an unknown own name makes nothing local";
}

TEST(ChooseEndpoints, FallsBackToServingWhileTerminatingPerSet) {
  PortEndpoint local = endpoint("10.0.0.1", false, true);
  local.serving = local.terminating = true;
  PortEndpoint gone = endpoint("10.0.0.2", false, true);
  gone.terminating = true;
  EndpointChoice choice = choose_endpoints({local, gone, endpoint("10.0.0.3")}, {});
  EXPECT_THAT(addresses(choice.cluster), ElementsAre("10.0.0.3"));
  EXPECT_THAT(addresses(choice.local), ElementsAre("10.0.0.1"));
  choice = choose_endpoints({local, gone}, {});
  EXPECT_THAT(addresses(choice.cluster), ElementsAre("10.0.0.1"));
  EXPECT_TRUE(choice.has_any);
  choice = choose_endpoints({gone}, {});
  EXPECT_THAT(choice.cluster, IsEmpty());
  EXPECT_FALSE(choice.has_any);
}

// The table of the topology decision: hints of two ready endpoints, own node "n", own zone "z".
struct TopologyCase {
  const char* name;
  std::vector<watchers::EndpointHints> hints;  // of 10.0.0.1, 10.0.0.2
  std::string zone;
  TopologyMode mode;
  std::vector<std::string> chosen;
};

class Topology : public testing::TestWithParam<TopologyCase> {};

TEST_P(Topology, Decides) {
  std::vector<PortEndpoint> endpoints = {endpoint("10.0.0.1"), endpoint("10.0.0.2")};
  for (std::size_t i = 0; i < endpoints.size(); ++i) endpoints[i].hints = &GetParam().hints[i];
  NodeFacts node;
  node.name = "n";
  node.zone = GetParam().zone;
  EndpointChoice choice = choose_endpoints(endpoints, node);
  EXPECT_EQ(choice.topology, GetParam().mode);
  EXPECT_EQ(addresses(choice.cluster), GetParam().chosen);
}

const std::vector<std::string> kBoth = {"10.0.0.1", "10.0.0.2"};

INSTANTIATE_TEST_SUITE_P(
    Cases, Topology,
    testing::Values(
        TopologyCase{
            "node", {{{}, {"n"}}, {{}, {"m"}}}, "z", TopologyMode::kSameNode, {"10.0.0.1"}},
        TopologyCase{"node_not_named_zone_is",
                     {{{"z"}, {"m"}}, {{"y"}, {"o"}}},
                     "z",
                     TopologyMode::kSameZone,
                     {"10.0.0.1"}},
        TopologyCase{"one_without_node", {{{}, {"n"}}, {{}, {}}}, "z", TopologyMode::kNone, kBoth},
        TopologyCase{"one_without_zone", {{{"z"}, {}}, {{}, {}}}, "z", TopologyMode::kNone, kBoth},
        TopologyCase{"other_zones", {{{"x"}, {}}, {{"y"}, {}}}, "z", TopologyMode::kNone, kBoth},
        TopologyCase{"no_own_zone", {{{""}, {}}, {{"y"}, {}}}, "", TopologyMode::kNone, kBoth}),
    [](const auto& param) { return std::string(param.param.name); });

// One test a reason: what `explain` says of an endpoint is what the choice does with it.
class EndpointVerdicts : public testing::Test {
 protected:
  EndpointVerdict cluster(std::size_t i) const {
    return EndpointJudge(endpoints_, node_).for_cluster(endpoints_[i]);
  }
  EndpointVerdict local(std::size_t i) const {
    return EndpointJudge(endpoints_, node_).for_local(endpoints_[i]);
  }
  static PortEndpoint terminating(const char* address, bool serving) {
    PortEndpoint made = endpoint(address, false, true);
    made.terminating = true;
    made.serving = serving;
    return made;
  }
  std::vector<PortEndpoint> endpoints_;
  NodeFacts node_{"me", "a", {}, {}, {}};
};

TEST_F(EndpointVerdicts, Ready) {
  endpoints_ = {endpoint("10.0.0.1", true, true)};
  EXPECT_EQ(cluster(0), EndpointVerdict::kReady);
  EXPECT_EQ(local(0), EndpointVerdict::kReady);
}

TEST_F(EndpointVerdicts, NotReady) {
  endpoints_ = {endpoint("10.0.0.1", false, true), endpoint("10.0.0.2", true, true)};
  EXPECT_EQ(cluster(0), EndpointVerdict::kNotReady);
  EXPECT_EQ(local(0), EndpointVerdict::kNotReady);
}

TEST_F(EndpointVerdicts, TerminatingBesideReadyOnes) {
  endpoints_ = {terminating("10.0.0.1", true), endpoint("10.0.0.2", true, true)};
  EXPECT_EQ(cluster(0), EndpointVerdict::kOthersReady);
  EXPECT_EQ(local(0), EndpointVerdict::kOthersReady);
}

TEST_F(EndpointVerdicts, TerminatingAsLastResort) {
  endpoints_ = {terminating("10.0.0.1", true), endpoint("10.0.0.2", false, true)};
  EXPECT_EQ(cluster(0), EndpointVerdict::kLastResort);
  EXPECT_EQ(local(0), EndpointVerdict::kLastResort);
}

TEST_F(EndpointVerdicts, TerminatingAndNotServing) {
  endpoints_ = {terminating("10.0.0.1", false)};
  EXPECT_EQ(cluster(0), EndpointVerdict::kStopped);
  EXPECT_EQ(local(0), EndpointVerdict::kStopped);
}

TEST_F(EndpointVerdicts, HintedForOtherZones) {
  const watchers::EndpointHints ours{.zones = {"a"}, .nodes = {}};
  const watchers::EndpointHints theirs{.zones = {"b"}, .nodes = {}};
  endpoints_ = {endpoint("10.0.0.1"), endpoint("10.0.0.2")};
  endpoints_[0].hints = &ours;
  endpoints_[1].hints = &theirs;
  EXPECT_EQ(cluster(0), EndpointVerdict::kReady);
  EXPECT_EQ(cluster(1), EndpointVerdict::kForOtherZones);
}

TEST_F(EndpointVerdicts, HintedForOtherNodes) {
  const watchers::EndpointHints ours{.zones = {}, .nodes = {"me"}};
  const watchers::EndpointHints theirs{.zones = {}, .nodes = {"you"}};
  endpoints_ = {endpoint("10.0.0.1"), endpoint("10.0.0.2")};
  endpoints_[0].hints = &ours;
  endpoints_[1].hints = &theirs;
  EXPECT_EQ(cluster(1), EndpointVerdict::kForOtherNodes);
}

TEST_F(EndpointVerdicts, OnAnotherNode) {
  endpoints_ = {endpoint("10.0.0.1", true, false)};
  EXPECT_EQ(cluster(0), EndpointVerdict::kReady);
  EXPECT_EQ(local(0), EndpointVerdict::kOnOtherNode);
}

TEST_F(EndpointVerdicts, EachHasWordsOfItsOwn) {
  std::set<std::string_view> words;
  for (auto verdict :
       {EndpointVerdict::kReady, EndpointVerdict::kLastResort, EndpointVerdict::kNotReady,
        EndpointVerdict::kOthersReady, EndpointVerdict::kStopped, EndpointVerdict::kForOtherNodes,
        EndpointVerdict::kForOtherZones, EndpointVerdict::kOnOtherNode}) {
    words.insert(to_string(verdict));
  }
  EXPECT_EQ(words.size(), 8u);
}

TEST(EntriesOfPort, NameEveryEntryTheMostUsableFirst) {
  watchers::EndpointSlice a = fakes::make_slice("web", "a", {{"", kTcp, 80}}, {"10.0.0.1"});
  a.groups[0].endpoints[0].ready = false;
  watchers::EndpointSlice b = fakes::make_slice("web", "b", {{"", kTcp, 80}}, {"10.0.0.1"});
  watchers::SliceList list = slices({a, b});
  auto entries = entries_of_port(list, "", kTcp, base::Family::kIpv4, "");
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].slice->key.name, "b");
  EXPECT_EQ(entries[1].slice->key.name, "a");
}

}  // namespace
}  // namespace agent
