#include "watchers/endpoints_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/watchers/decoding.h"

namespace watchers {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(EndpointsReader, EverySubsetIsAGroup) {
  auto slice = object_of<EndpointSlice>(decode_item(
      Resource::kEndpoints,
      R"({"metadata":{"name":"web","namespace":"default","resourceVersion":"5"},"subsets":[
          {"addresses":[{"ip":"10.0.0.1","nodeName":"n1","targetRef":{"kind":"Pod"}}],
           "notReadyAddresses":[{"ip":"10.0.0.2","hostname":"h"}],
           "ports":[{"name":"http","port":8080,"protocol":"TCP"}]},
          {"addresses":[{"ip":"fd00::3","nodeName":"n1"}],"ports":[{"port":53,"protocol":"UDP"}]}
          ]})"));
  ASSERT_NE(slice, nullptr);
  EXPECT_EQ(slice->key, (ObjectKey{"default", "web"}));
  EXPECT_EQ(slice->service, "web");
  EXPECT_EQ(slice->resource_version, "5");
  ASSERT_EQ(slice->groups.size(), 2U);
  const auto& [ports, endpoints] = slice->groups[0];
  EXPECT_THAT(ports, ElementsAre(EndpointPort{"http", base::Protocol::kTcp, 8080}));
  ASSERT_EQ(endpoints.size(), 2U);
  EXPECT_TRUE(endpoints[0].ready && endpoints[0].serving);
  EXPECT_EQ(endpoints[0].node(), "n1");
  EXPECT_EQ(endpoints[1].address.to_string(), "10.0.0.2");
  EXPECT_FALSE(endpoints[1].ready || endpoints[1].serving);
  EXPECT_EQ(slice->groups[1].endpoints[0].place, endpoints[0].place);
  EXPECT_THAT(slice->problems, IsEmpty());
}

TEST(EndpointsReader, ABadAddressDropsOnlyItself) {
  auto slice = object_of<EndpointSlice>(
      decode_item(Resource::kEndpoints,
                  R"({"metadata":{"name":"web","namespace":"default"},"subsets":[
          {"addresses":[{"ip":"x"},{},{"ip":"10.0.0.1"}],"ports":[{"port":-1},{"port":80}]}]})"));
  ASSERT_NE(slice, nullptr);
  EXPECT_EQ(slice->groups[0].endpoints.size(), 1U);
  EXPECT_EQ(slice->groups[0].ports.size(), 1U);
  EXPECT_THAT(slice->problems,
              ElementsAre(HasSubstr(R"(subsets[0].addresses[0].ip: found "x")"),
                          "subsets[0].addresses[1]: found no address, allowed: ip",
                          "subsets[0].ports[0].port: found -1, allowed: 1-65535",
                          HasSubstr("subsets[0].ports[0]: found no usable port number")));
}

TEST(EndpointsReader, NoSubsetsIsAnEmptySlice) {
  auto slice = object_of<EndpointSlice>(
      decode_item(Resource::kEndpoints, R"({"metadata":{"name":"web","namespace":"default"}})"));
  ASSERT_NE(slice, nullptr);
  EXPECT_THAT(slice->groups, IsEmpty());
  EXPECT_THAT(slice->problems, IsEmpty());
}

}  // namespace
}  // namespace watchers
