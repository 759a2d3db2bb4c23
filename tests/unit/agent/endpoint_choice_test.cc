#include "agent/endpoint_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace agent
