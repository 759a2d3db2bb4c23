// Virtual servers that another program left on the node, and what the agent tells of them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/kernel/agent_fixture.h"

namespace kernel_test {
namespace {

using base::Protocol;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<ServicePort> kTcpPort = {{Protocol::kTcp, 80, kServerPort}};

class AgentAdoption : public AgentTest {
 protected:
  // The notes of the events of takeovers that the API server keeps.
  std::vector<std::string> told() {
    std::vector<std::string> notes;
    const auto* type = apiserver::find_kind("events.k8s.io/v1", "Event");
    for (const auto& object : lab().api().store().list(*type).objects) {
      if (object->json().at("reason") == "TakenOver") notes.push_back(object->json().at("note"));
    }
    return notes;
  }
  // An event of a later moment is there, so that an earlier one would be, too.
  bool a_later_event_has_come() {
    nlohmann::json loser = make_service("loser", {ip("10.96.0.99")}, kTcpPort);
    loser["spec"]["externalIPs"] = {"10.96.0.10"};
    lab().put(loser);
    return eventually([&] {
      const auto* type = apiserver::find_kind("events.k8s.io/v1", "Event");
      for (const auto& object : lab().api().store().list(*type).objects) {
        if (object->json().at("reason") == "AddressTaken") return true;
      }
      return false;
    });
  }
};

TEST_F(AgentAdoption, IsToldToTheNodeOnceAndARestartTellsNothing) {
  serve("web", {ip("10.96.0.10"), ip("fd00:96::10")}, kTcpPort, {"pod-0", "pod-1"});
  // As kube-proxy leaves it, but for one real server's weight.
  const std::string pod0 = at(endpoint("pod-0").address, kServerPort);
  const std::string pod1 = at(endpoint("pod-1").address, kServerPort);
  for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{
           {"ip", "link", "add", "kube-ipvs0", "type", "dummy"},
           {"ip", "addr", "add", "10.96.0.10/32", "dev", "kube-ipvs0"},
           {"ip", "addr", "add", "fd00:96::10/128", "dev", "kube-ipvs0"},
           {"ipvsadm", "-A", "-t", "10.96.0.10:80", "-s", "rr"},
           {"ipvsadm", "-a", "-t", "10.96.0.10:80", "-r", pod0, "-m", "-w", "1"},
           {"ipvsadm", "-a", "-t", "10.96.0.10:80", "-r", pod1, "-m", "-w", "3"}}) {
    (void)lab().tool(line);
  }
  lab().configure({"clusterCIDR: 10.244.0.0/16,fd00:10:244::/48"});
  ASSERT_TRUE(lab().start());
  ASSERT_TRUE(eventually([&] { return !told().empty(); })) << lab().log();
  EXPECT_THAT(told(), ElementsAre(HasSubstr("1 of 1 virtual servers, and 1 real servers")));

  // A mere restart.
  ASSERT_EQ(lab().stop(), 0);
  const std::size_t before = lab().log().size();
  ASSERT_TRUE(lab().start());
  EXPECT_TRUE(a_later_event_has_come()) << lab().log();
  EXPECT_EQ(told().size(), 1u);
  EXPECT_EQ(lab().log().find("others had left were adopted", before), std::string::npos);

  // Somebody like kube-proxy again.
  ASSERT_EQ(lab().stop(), 0);
  (void)lab().tool(
      {"ip", "addr", "change", "fd00:96::10/128", "dev", "kube-ipvs0", "preferred_lft", "forever"});
  ASSERT_TRUE(lab().start());
  EXPECT_TRUE(eventually([&] { return told().size() == 2; })) << lab().log();
}

TEST_F(AgentAdoption, ANodeThatHasNothingIsNotTakenOver) {
  serve("web", {ip("10.96.0.10")}, kTcpPort, {"pod-0"});
  lab().configure({"clusterCIDR: 10.244.0.0/16"});
  ASSERT_TRUE(lab().start());
  EXPECT_TRUE(a_later_event_has_come()) << lab().log();
  EXPECT_THAT(told(), IsEmpty());
}

}  // namespace
}  // namespace kernel_test
