#include "agent/start_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ipvs::VirtualServerKey key(const std::string& address) {
  return {.address = *base::IpAddress::parse(address), .port = 80};
}

SetEntry entry(const std::string& address) {
  netconf::IpsetEntry what{.ip = *base::IpAddress::parse(address), .port = 80, .ip2 = {}};
  return {SetId::kClusterIp, base::Family::kIpv4, what};
}

// The plan of a Service with one ClusterIP.
ServicePlan plan(const std::string& address) {
  ServicePlan made;
  made.virtual_servers.emplace_back().server.key = key(address);
  made.addresses.push_back(key(address).address);
  made.set_entries.push_back(entry(address));
  return made;
}

TEST(StartOrder, TheApiAndDnsAreAPartEach) {
  DesiredHost desired;
  desired.set_plan({"default", "a"}, plan("10.96.0.1"));
  desired.set_plan({"kube-system", "coredns"}, plan("10.96.0.2"));
  desired.set_plan({"default", "kubernetes"}, plan("10.96.0.3"));
  std::vector<Touched> parts = start_parts(desired.everything(), desired);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_THAT(parts[0].virtual_servers, ElementsAre(key("10.96.0.3")));
  EXPECT_THAT(parts[0].set_entries, ElementsAre(entry("10.96.0.3")));
  EXPECT_THAT(parts[1].addresses, ElementsAre(key("10.96.0.2").address));
  EXPECT_EQ(parts[2].virtual_servers.size(), 3u);
  EXPECT_EQ(parts[2].addresses.size(), 3u);
}

TEST(StartOrder, WhatNothingWantsComesLast) {
  DesiredHost desired;
  Touched everything;
  for (int i = 0; i < 2000; ++i) {
    std::string address = "10.97." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    desired.set_plan({"default", std::to_string(i)}, plan(address));
  }
  everything = desired.everything();
  everything.virtual_servers.push_back(key("10.96.0.1"));  // before all others in their order
  everything.set_entries.push_back(entry("10.96.0.1"));
  std::vector<Touched> parts = start_parts(std::move(everything), desired);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].virtual_servers.size(), 2000u);
  EXPECT_EQ(parts[0].addresses.size(), 2000u);
  EXPECT_EQ(parts[0].set_entries.size(), 2000u);
  EXPECT_THAT(parts[1].virtual_servers, ElementsAre(key("10.96.0.1")));
  EXPECT_THAT(parts[1].set_entries, ElementsAre(entry("10.96.0.1")));
  EXPECT_THAT(parts[1].addresses, IsEmpty());
}

TEST(StartOrder, AnEmptyHostHasOneEmptyPart) {
  std::vector<Touched> parts = start_parts({}, DesiredHost());
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_TRUE(parts[0].empty());
}

}  // namespace
}  // namespace agent
