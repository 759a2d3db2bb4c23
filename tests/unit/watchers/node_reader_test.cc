#include "watchers/node_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/watchers/decoding.h"

namespace watchers {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(NodeReader, ReadsWhatPlanningNeeds) {
  auto node = object_of<Node>(decode_item(
      Resource::kNodes,
      R"({"metadata":{"name":"n1","resourceVersion":"3","deletionTimestamp":"2026-01-01T00:00:00Z",
          "labels":{"topology.kubernetes.io/zone":"a","x":"y"}},
          "spec":{"podCIDR":"10.244.1.0/24","podCIDRs":["10.244.1.0/24","fd00:1::/64"],
           "taints":[{"key":"a","effect":"NoSchedule"},{"key":"ToBeDeletedByClusterAutoscaler"}]},
          "status":{"addresses":[{"type":"InternalIP","address":"192.168.0.1"},
           {"type":"Hostname","address":"n1"},{"type":"InternalIP","address":"fd00::1"},
           {"type":"ExternalIP","address":"203.0.113.1"}],"images":[{"names":["a"]}]}})"));
  ASSERT_NE(node, nullptr);
  EXPECT_EQ(node->key, (ObjectKey{"", "n1"}));
  EXPECT_EQ(node->zone, "a");
  EXPECT_THAT(node->internal_ips, ElementsAre(*base::IpAddress::parse("192.168.0.1"),
                                              *base::IpAddress::parse("fd00::1")));
  EXPECT_THAT(node->external_ips, ElementsAre(*base::IpAddress::parse("203.0.113.1")));
  EXPECT_THAT(node->pod_cidrs, ElementsAre(*base::IpPrefix::parse("10.244.1.0/24"),
                                           *base::IpPrefix::parse("fd00:1::/64")));
  EXPECT_TRUE(node->being_deleted);
  EXPECT_TRUE(node->autoscaler_deletes);
  EXPECT_THAT(node->problems, IsEmpty());
}

TEST(NodeReader, OldServersGiveOnePodCidr) {
  auto node = object_of<Node>(decode_item(
      Resource::kNodes, R"({"metadata":{"name":"n1"},"spec":{"podCIDR":"10.244.1.0/24"}})"));
  ASSERT_NE(node, nullptr);
  EXPECT_THAT(node->pod_cidrs, ElementsAre(*base::IpPrefix::parse("10.244.1.0/24")));
  EXPECT_FALSE(node->being_deleted || node->autoscaler_deletes);
}

TEST(NodeReader, BadAddressesAreProblems) {
  auto node = object_of<Node>(
      decode_item(Resource::kNodes, R"({"metadata":{"name":"n1"},"spec":{"podCIDRs":["x"]},
                            "status":{"addresses":[{"type":"InternalIP","address":"n1.local"}]}})"));
  ASSERT_NE(node, nullptr);
  EXPECT_THAT(node->problems, ElementsAre(R"(spec.podCIDRs: found "x", allowed: ADDRESS/LENGTH)",
                                          HasSubstr(R"(status.addresses[0]: found "n1.local")")));
}

}  // namespace
}  // namespace watchers
