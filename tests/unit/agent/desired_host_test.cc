#include "agent/desired_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/host_change.h"
#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;

const watchers::ObjectKey kA{"default", "a"};
const watchers::ObjectKey kB{"default", "b"};

base::IpAddress ip(const char* text) { return *base::IpAddress::parse(text); }

ServicePlan plan_of(watchers::Service service, const std::vector<std::string>& endpoints = {}) {
  watchers::SliceList slices;
  slices.push_back(std::make_shared<const watchers::EndpointSlice>(
      fakes::make_slice(service.key.name, "s", {{"", base::Protocol::kTcp, 8080}}, endpoints)));
  return plan_service(service, slices, {}, {});
}

watchers::Service with_external_ip(const char* name, const char* cluster_ip, const char* external) {
  watchers::Service service =
      fakes::make_service(name, cluster_ip, {{"", base::Protocol::kTcp, 80, 0}});
  service.external_ips = {ip(external)};
  return service;
}

TEST(DesiredHost, TouchesOnlyTheDifferenceOfTwoPlans) {
  DesiredHost desired;
  watchers::Service service = with_external_ip("a", "10.96.0.1", "198.51.100.1");
  Touched first = desired.set_plan(kA, plan_of(service));
  EXPECT_EQ(first.virtual_servers.size(), 2u);
  EXPECT_EQ(first.addresses.size(), 2u);
  EXPECT_TRUE(desired.set_plan(kA, plan_of(service)).empty());
  service.external_ips.clear();
  Touched second = desired.set_plan(kA, plan_of(service));
  EXPECT_EQ(second.virtual_servers.size(), 1u);
  EXPECT_THAT(second.addresses, ElementsAre(ip("198.51.100.1")));
}

// kube-proxy's rule: usable endpoints somewhere, none here, once a Service and family.
TEST(DesiredHost, CountsServicesWithoutLocalEndpointsAsTheirPlansChange) {
  constexpr base::Protocol kTcp = base::Protocol::kTcp;
  NodeFacts node;
  node.name = "node-a";
  watchers::Service service =
      fakes::make_service("a", "10.96.0.1", {{"x", kTcp, 80, 30080}, {"y", kTcp, 81, 30081}});
  service.cluster_ips.push_back(ip("fd00::1"));
  service.type = watchers::ServiceType::kNodePort;
  watchers::EndpointSlice slice = fakes::make_slice("a", "s", {{"x", kTcp, 8080}}, {"10.244.0.1"});
  DesiredHost desired;
  auto plan = [&] {
    watchers::SliceList slices = {std::make_shared<const watchers::EndpointSlice>(slice)};
    desired.set_plan(kA, plan_service(service, slices, node, {}));
    return desired.no_local_endpoints();
  };
  EXPECT_EQ(plan(), NoLocalCounts());  // policies Cluster
  service.internal_policy = watchers::TrafficPolicy::kLocal;
  EXPECT_EQ(plan(), (NoLocalCounts{.internal = {1, 0}, .external = {}}));
  service.external_policy = watchers::TrafficPolicy::kLocal;
  EXPECT_EQ(plan(), (NoLocalCounts{.internal = {1, 0}, .external = {1, 0}}));
  EXPECT_EQ(plan(), (NoLocalCounts{.internal = {1, 0}, .external = {1, 0}}));
  desired.set_plan(kB, *desired.plan(kA));
  EXPECT_EQ(desired.no_local_endpoints(), (NoLocalCounts{.internal = {2, 0}, .external = {2, 0}}));
  desired.set_plan(kB, {});
  slice.groups[0].endpoints[0].place =
      std::make_shared<const watchers::EndpointPlace>(watchers::EndpointPlace{"node-a", {}});
  EXPECT_EQ(plan(), NoLocalCounts());
  slice.groups[0].endpoints.clear();  // none at all is not "none here"
  EXPECT_EQ(plan(), NoLocalCounts());
  slice.groups[0].endpoints = {fakes::make_endpoint("10.244.0.2")};
  service.ports[0].node_port = service.ports[1].node_port = 0;  // nobody comes from outside
  EXPECT_EQ(plan(), (NoLocalCounts{.internal = {1, 0}, .external = {}}));
  desired.set_plan(kA, {});
  EXPECT_EQ(desired.no_local_endpoints(), NoLocalCounts());
}

TEST(DesiredHost, WhatTwoServicesWantStaysUntilBothHaveLeft) {
  DesiredHost desired;
  desired.set_plan(kA, plan_of(with_external_ip("a", "10.96.0.1", "198.51.100.1")));
  Touched joined =
      desired.set_plan(kB, plan_of(with_external_ip("b", "10.96.0.2", "198.51.100.1")));
  EXPECT_THAT(joined.addresses, ElementsAre(ip("10.96.0.2")));
  desired.set_plan(kA, {});
  EXPECT_TRUE(desired.wants(ip("198.51.100.1")));
  EXPECT_FALSE(desired.wants(ip("10.96.0.1")));
  desired.set_plan(kB, {});
  EXPECT_FALSE(desired.wants(ip("198.51.100.1")));
  EXPECT_TRUE(desired.everything().empty());
  EXPECT_THAT(desired.plans(), IsEmpty());
}

TEST(DesiredHost, AClusterIpCannotBeTakenOverByAnExternalIp) {
  ipvs::VirtualServerKey key{ip("10.96.0.2"), 80, base::Protocol::kTcp, 0};
  // "a" comes first by name and claims b's ClusterIP; the order of arrival must not matter either.
  for (bool a_first : {true, false}) {
    DesiredHost desired;
    ServicePlan a = plan_of(with_external_ip("a", "10.96.0.1", "10.96.0.2"), {"10.0.0.66"});
    ServicePlan b = plan_of(with_external_ip("b", "10.96.0.2", "198.51.100.1"), {"10.0.0.1"});
    desired.set_plan(a_first ? kA : kB, a_first ? a : b);
    desired.set_plan(a_first ? kB : kA, a_first ? b : a);
    ASSERT_NE(desired.virtual_server(key), nullptr);
    EXPECT_EQ(*desired.owner(key), kB);
    EXPECT_EQ(desired.virtual_server(key)->real_servers.front().key.address, ip("10.0.0.1"));
  }
}

TEST(DesiredHost, SetEntriesAreThoseOfWhomTheAddressBelongsTo) {
  watchers::Service local = with_external_ip("a", "10.96.0.1", "198.51.100.1");
  local.external_policy = watchers::TrafficPolicy::kLocal;
  const ServicePlan of_a = plan_of(local);
  const ServicePlan of_b = plan_of(with_external_ip("b", "10.96.0.2", "198.51.100.1"));
  const SetEntry for_local{
      .set = SetId::kExternalIpLocal,
      .entry = {.ip = ip("198.51.100.1"), .protocol = base::Protocol::kTcp, .port = 80, .ip2 = {}}};
  SetEntry for_all = for_local;
  for_all.set = SetId::kExternalIp;

  DesiredHost desired;
  desired.set_plan(kB, of_b);
  EXPECT_TRUE(desired.wants(for_all));
  Touched taken = desired.set_plan(kA, of_a);
  EXPECT_THAT(taken.set_entries, IsSupersetOf({for_local, for_all}));
  EXPECT_TRUE(desired.wants(for_local));
  EXPECT_FALSE(desired.wants(for_all));
  Touched returned = desired.set_plan(kA, {});
  EXPECT_THAT(returned.set_entries, IsSupersetOf({for_local, for_all}));
  EXPECT_FALSE(desired.wants(for_local));
  EXPECT_TRUE(desired.wants(for_all));
}

// One Service names the other's ClusterIP first as its load balancer's, then as an external IP.
TEST(DesiredHost, AnotherKindOfClaimMayTakeAnAddressOver) {
  watchers::Service a = fakes::make_service("a", "10.96.0.1", {{"", base::Protocol::kTcp, 80, 0}});
  a.type = watchers::ServiceType::kLoadBalancer;
  a.ingress = {{.ip = ip("198.51.100.1")}};
  watchers::Service b = fakes::make_service("b", "10.96.0.2", {{"", base::Protocol::kTcp, 80, 0}});
  b.type = watchers::ServiceType::kLoadBalancer;
  b.ingress = {{.ip = ip("198.51.100.1")}};
  const SetEntry of_load_balancer{
      .set = SetId::kLoadBalancer,
      .entry = {.ip = ip("198.51.100.1"), .protocol = base::Protocol::kTcp, .port = 80, .ip2 = {}}};
  SetEntry of_external = of_load_balancer;
  of_external.set = SetId::kExternalIp;
  DesiredHost desired;
  desired.set_plan(kB, plan_of(b));
  desired.set_plan(kA, plan_of(a));
  EXPECT_TRUE(desired.wants(of_load_balancer));
  b.ingress.clear();
  b.external_ips = {ip("198.51.100.1")};
  desired.set_plan(kB, plan_of(b));
  EXPECT_FALSE(desired.wants(of_external));
  a.ingress.clear();
  a.external_ips = b.external_ips;
  Touched changed = desired.set_plan(kA, plan_of(a));
  EXPECT_THAT(changed.set_entries, IsSupersetOf({of_load_balancer, of_external}));
  EXPECT_TRUE(desired.wants(of_external));
  EXPECT_FALSE(desired.wants(of_load_balancer));
}

TEST(HostChange, PrintsItsOperationsInTheirOrder) {
  DesiredHost desired;
  BelievedHost believed;
  Drains drains(std::nullopt);
  Touched touched = desired.set_plan(
      kA, plan_of(fakes::make_service("a", "10.96.0.1", {{"", base::Protocol::kTcp, 80, 0}}),
                  {"10.0.0.1"}));
  touched.normalise();
  EXPECT_THAT(
      diff(touched, desired, believed, drains).lines("kube-ipvs0"),
      ElementsAre("ipset add KUBE-CLUSTER-IP 10.96.0.1,tcp:80 -exist",
                  "ipset add KUBE-IPVS-IPS 10.96.0.1 -exist", "ipvsadm -A -t 10.96.0.1:80 -s rr",
                  "ipvsadm -a -t 10.96.0.1:80 -r 10.0.0.1:8080 -m -w 1",
                  "ip addr add 10.96.0.1/32 dev kube-ipvs0"));
}

}  // namespace
}  // namespace agent
