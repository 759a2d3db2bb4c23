#include "agent/event_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "ipvs/text.h"
#include "tests/fakes/fake_node.h"
#include "tests/fakes/http_probe.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/manual_waiter.h"
#include "tests/fakes/scripted_rest_client.h"

namespace agent {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

const ipvs::VirtualServerKey kKey = {.address = *base::IpAddress::parse("192.0.2.7"), .port = 80};

ServicePlan plan_of(VipKind kind) {
  ServicePlan plan;
  plan.virtual_servers.resize(1);
  plan.virtual_servers[0].server.key = kKey;
  plan.virtual_servers[0].kind = kind;
  return plan;
}

class EventReportsTest : public ::testing::Test {
 protected:
  EventReportsTest() {
    for (int i = 0; i < 8; ++i) client_.answer(fakes::ScriptedAnswer::http(201));
    auto service = std::make_shared<watchers::Service>();
    service->key = {"default", "web"};
    service->uid = "u-web";
    snapshot_.apply({watchers::Kind::kService, service->key},
                    std::shared_ptr<const watchers::Service>(service));
    sender_.start();
  }
  ~EventReportsTest() override {
    client_.shut_down();
    sender_.stop();
  }
  // Sends what there is; the bodies of so many requests.
  std::vector<nlohmann::json> sent(int count) {
    reports_.stepped(snapshot_, desired_);
    while (done_ < count) done_.wait(done_);
    std::vector<nlohmann::json> bodies;
    for (const auto& request : client_.requests()) {
      bodies.push_back(nlohmann::json::parse(request.json));
    }
    return bodies;
  }

  fakes::ManualClock clock_;
  fakes::ManualWaiter waiter_{clock_};
  fakes::ScriptedRestClient client_;
  fakes::RecordingLog log_;
  std::atomic<int> done_ = 0;
  EventSender sender_{
      client_, clock_, waiter_, log_, {.node = "node-a", .on_outcome = [this](EventOutcome) {
                                         ++done_;
                                         done_.notify_all();
                                       }}};
  EventReports reports_{sender_, "node-a"};
  watchers::ClusterSnapshot snapshot_;
  DesiredHost desired_;
};

TEST_F(EventReportsTest, TellsAServiceWhatOfItCannotBeServed) {
  reports_.service_problems({"default", "web"}, {"port 80 twice", "no such scheduler"});
  reports_.service_problems({"default", "shop"}, {});
  const auto bodies = sent(1);
  ASSERT_THAT(bodies, SizeIs(1));
  EXPECT_EQ(bodies[0]["reason"], "ServiceNotFullyServed");
  EXPECT_EQ(bodies[0]["note"], "port 80 twice; no such scheduler");
  EXPECT_EQ(bodies[0]["regarding"]["uid"], "u-web");
}

TEST_F(EventReportsTest, TellsWhoLostAnAddressToWhom) {
  (void)desired_.set_plan({"default", "web"}, plan_of(VipKind::kExternalIp));
  reports_.planned(desired_, desired_.set_plan({"default", "shop"}, plan_of(VipKind::kClusterIp)));
  const auto bodies = sent(1);
  ASSERT_THAT(bodies, SizeIs(1));
  EXPECT_EQ(bodies[0]["reason"], "AddressTaken");
  EXPECT_EQ(bodies[0]["regarding"]["name"], "web");
  EXPECT_THAT(bodies[0]["note"].get<std::string>(), HasSubstr("TCP 192.0.2.7:80"));
  EXPECT_THAT(bodies[0]["note"].get<std::string>(), HasSubstr("default/shop has it"));
}

TEST_F(EventReportsTest, TellsWhatTheKernelRefusesForGood) {
  (void)desired_.set_plan({"default", "web"}, plan_of(VipKind::kClusterIp));
  Round round;
  for (FailureClass each : {FailureClass::kTransient, FailureClass::kRejected}) {
    round.report.failures.push_back(
        {.thing = kKey,
         .status = base::Status(base::Code::kUnsupported, std::string(to_string(each))),
         .failure_class = each});
  }
  reports_.round_ended(round);
  const auto bodies = sent(1);
  ASSERT_THAT(bodies, SizeIs(1));
  EXPECT_EQ(bodies[0]["reason"], "RefusedByKernel");
  EXPECT_EQ(bodies[0]["note"], "on node node-a: rejected");
}

TEST_F(EventReportsTest, TellsTheNodeOfATakeoverAndOfWhatIsDegraded) {
  Round round;
  round.report.count(HostTable::kIptables, "remove_other_mode", base::Status());
  reports_.round_ended(round);
  reports_.degraded("drain journal", "cannot be written");
  const auto bodies = sent(2);
  ASSERT_THAT(bodies, SizeIs(2));
  EXPECT_EQ(bodies[0]["reason"], "TakenOver");
  EXPECT_EQ(bodies[0]["type"], "Normal");
  EXPECT_EQ(bodies[1]["note"], "drain journal: cannot be written");
  for (const auto& body : bodies) {
    EXPECT_EQ(body["regarding"]["kind"], "Node");
    EXPECT_EQ(body["regarding"]["uid"], "node-a");
    EXPECT_EQ(body["metadata"]["namespace"], "default");
  }
}

TEST_F(EventReportsTest, TellsTheNodeOfVirtualServersThatWereAdopted) {
  fakes::FakeNode node;
  std::vector<ipvs::IpvsOp> others = {*ipvs::parse_op("-A -t 10.96.0.10:80 -s rr"),
                                      *ipvs::parse_op("-A -t 10.96.0.11:80 -s wlc")};
  for (const base::Status& status : node.ipvs.apply(others)) ASSERT_TRUE(status.ok());
  // As kube-proxy left it.
  node.addresses.make_device("dummy");
  node.addresses.bind_and_lend(*base::IpAddress::parse("fd00:96::1"));
  for (int start = 0; start < 2; ++start) {
    fakes::FakeAgent agent(node);
    for (const char* number : {"10", "11"}) {
      agent.put(fakes::make_service(std::string("s") + number, std::string("10.96.0.") + number,
                                    {{"", base::Protocol::kTcp, 80, 0}}));
    }
    agent.sync();
    agent.run();
    for (const Round& round : agent.listener.rounds) reports_.round_ended(round);
    reports_.started(agent.host);
  }
  reports_.degraded("a mark", "behind both starts");
  const auto bodies = sent(2);
  ASSERT_THAT(bodies, SizeIs(2)) << "the second start is a mere restart";
  EXPECT_EQ(bodies[0]["reason"], "TakenOver");
  EXPECT_EQ(bodies[0]["type"], "Normal");
  EXPECT_EQ(bodies[0]["regarding"]["kind"], "Node");
  const std::string note = bodies[0]["note"];
  EXPECT_THAT(note, HasSubstr("1 of 2 virtual servers, and 0 real servers, stay as they were"));
  EXPECT_THAT(note, ::testing::Not(HasSubstr("in step: 0")));
  EXPECT_EQ(bodies[1]["reason"], "ServiceProxyDegraded");
}

TEST_F(EventReportsTest, TellsOfObjectsNobodyUnderstandsAndOfPortsThatAreTaken) {
  reports_.object_rejected({watchers::Kind::kService, {"default", "web"}}, "spec.ports: a text");
  reports_.object_rejected({watchers::Kind::kService, {"", ""}}, "no name");
  reports_.object_rejected({watchers::Kind::kEndpointSlice, {"default", "web-1"}}, "an address");
  reports_.health_check_refused({"default", "web"}, "another program uses port 32100");
  const auto bodies = sent(2);
  ASSERT_THAT(bodies, SizeIs(2));
  EXPECT_EQ(bodies[0]["reason"], "ServiceRejected");
  EXPECT_EQ(bodies[1]["reason"], "HealthCheckPortTaken");
}

}  // namespace
}  // namespace agent
