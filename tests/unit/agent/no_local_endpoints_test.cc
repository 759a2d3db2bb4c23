#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "agent/service_plan.h"
#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

// kube-proxy's cases for sync_proxy_rules_no_local_endpoints_total.
struct NoLocalCase {
  const char* name;
  bool internal_local;
  bool external_local;
  std::vector<std::string> endpoint_nodes;
  bool lacks_internal;
  bool lacks_external;
};

class NoLocalEndpointsTest : public testing::TestWithParam<NoLocalCase> {};

TEST_P(NoLocalEndpointsTest, AreCountedAPolicy) {
  const NoLocalCase& given = GetParam();
  auto policy = [](bool local) {
    return local ? watchers::TrafficPolicy::kLocal : watchers::TrafficPolicy::kCluster;
  };
  watchers::Service service =
      fakes::make_service("svc", "172.30.0.41", {{"p80", base::Protocol::kTcp, 80, 30080}});
  service.type = watchers::ServiceType::kLoadBalancer;
  service.internal_policy = policy(given.internal_local);
  service.external_policy = policy(given.external_local);
  watchers::EndpointSlice slice =
      fakes::make_slice("svc", "svc-1", {{"p80", base::Protocol::kTcp, 80}}, {});
  for (std::size_t i = 0; i < given.endpoint_nodes.size(); ++i) {
    slice.groups[0].endpoints.push_back(
        fakes::make_endpoint("10.0.1." + std::to_string(i + 1), given.endpoint_nodes[i]));
  }
  NodeFacts node;
  node.name = "own";
  watchers::SliceList slices = {std::make_shared<const watchers::EndpointSlice>(std::move(slice))};
  ServicePlan plan = plan_service(service, slices, node, {});
  EXPECT_EQ(plan.no_local_endpoints.internal[0], given.lacks_internal);
  EXPECT_EQ(plan.no_local_endpoints.external[0], given.lacks_external);
  EXPECT_FALSE(plan.no_local_endpoints.internal[1] || plan.no_local_endpoints.external[1]);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, NoLocalEndpointsTest,
    testing::Values(
        NoLocalCase{"internal_with_local", true, false, {"own", "a", "b"}, false, false},
        NoLocalCase{"external_with_local", false, true, {"own", "a", "b"}, false, false},
        NoLocalCase{"both_with_local", true, true, {"own", "a", "b"}, false, false},
        NoLocalCase{"internal_without_local", true, false, {"c", "a", "b"}, true, false},
        NoLocalCase{"external_without_local", false, true, {"c", "a", "b"}, false, true},
        NoLocalCase{"both_without_local", true, true, {"c", "a", "b"}, true, true},
        NoLocalCase{"both_without_any", true, true, {}, false, false}),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace agent
