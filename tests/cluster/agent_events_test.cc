// What the agent tells users is kept by a real API server, under the rights that it has.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cluster/agent_cluster_fixture.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

class AgentEvents : public AgentClusterTest {
 protected:
  void create_with_external_ip(const std::string& name) {
    const nlohmann::json service = {
        {"apiVersion", "v1"},
        {"kind", "Service"},
        {"metadata", {{"name", name}}},
        {"spec", {{"ports", {{{"port", 80}}}}, {"externalIPs", {"198.51.100.77"}}}}};
    ok(api().create(services(), service.dump()).status());
  }
  nlohmann::json events() {
    auto answer = api().get("/apis/events.k8s.io/v1/namespaces/" + space() + "/events");
    if (!answer.ok()) return nlohmann::json::array();
    return nlohmann::json::parse(answer->body)["items"];
  }
};

TEST_F(AgentEvents, AnAddressOfTwoServicesIsToldToTheOneThatLosesIt) {
  create_with_external_ip("first");
  create_with_external_ip("second");
  nlohmann::json found;
  ASSERT_TRUE(eventually([&] {
    for (const auto& event : events()) {
      if (event.value("reportingController", "") == "ipvs-agent.io/agent") found = event;
    }
    return !found.is_null();
  })) << agent().log();
  EXPECT_EQ(found["reason"], "AddressTaken");
  EXPECT_EQ(found["type"], "Warning");
  EXPECT_EQ(found["regarding"]["name"], "second");
  EXPECT_THAT(found["note"].get<std::string>(), HasSubstr("/first has it"));
  // By this `kubectl describe service` finds it.
  auto second = api().get(services() + "/second");
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(found["regarding"]["uid"], nlohmann::json::parse(second->body)["metadata"]["uid"]);
  EXPECT_GE(agent().metric("ipvs_agent_kubernetes_events_total", R"(outcome="sent")").value_or(0),
            1.0);
}

}  // namespace
}  // namespace cluster
