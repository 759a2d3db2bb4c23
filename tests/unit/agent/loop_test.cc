#include "agent/loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <random>

#include "ipvs/text.h"
#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

using fakes::FakeAgent;
using fakes::FakeNode;
using fakes::make_service;
using fakes::make_slice;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using watchers::Kind;

constexpr base::Protocol kTcp = base::Protocol::kTcp;
constexpr base::Protocol kUdp = base::Protocol::kUdp;

base::IpAddress ip(const char* text) { return *base::IpAddress::parse(text); }

// A node with Service default/web, 10.96.0.10:80, on two endpoints.
class LoopTest : public testing::Test {
 protected:
  void start() {
    agent_ = std::make_unique<FakeAgent>(node_);
    ASSERT_TRUE(agent_->prepared.ok()) << agent_->prepared.message();
    deliver_all();
    agent_->sync();
    agent_->run();
    ASSERT_EQ(agent_->listener.starts, 1);
  }
  virtual void deliver_all() {
    agent_->put(make_service("web", "10.96.0.10", {{"", kTcp, 80, 0}}));
    agent_->put(make_slice("web", "web-1", {{"", kTcp, 8080}}, {"10.244.1.1", "10.244.1.2"}));
  }

  FakeNode node_;
  std::unique_ptr<FakeAgent> agent_;
};

TEST_F(LoopTest, WritesNothingBeforeEverySourceIsComplete) {
  agent_ = std::make_unique<FakeAgent>(node_);
  node_.take_log();
  deliver_all();
  agent_->run();
  EXPECT_THAT(node_.take_log(), IsEmpty());
  EXPECT_FALSE(agent_->loop.started());
}

TEST_F(LoopTest, ServesAService) {
  start();
  EXPECT_EQ(ipvs::to_text(*node_.ipvs.read()),
            "-A -t 10.96.0.10:80 -s rr\n"
            "-a -t 10.96.0.10:80 -r 10.244.1.1:8080 -m -w 1\n"
            "-a -t 10.96.0.10:80 -r 10.244.1.2:8080 -m -w 1\n");
  EXPECT_THAT(node_.addresses.read()->bound, ElementsAre(ip("10.96.0.10")));
  EXPECT_THAT(node_.ipsets.log(), Contains("add KUBE-CLUSTER-IP 10.96.0.10,tcp:80 -exist"));
  EXPECT_THAT(node_.ipsets.log(), Contains("add KUBE-IPVS-IPS 10.96.0.10 -exist"));
  EXPECT_THAT(node_.iptables.chains(base::Family::kIpv4, "nat")["KUBE-SERVICES"],
              Contains(HasSubstr("--match-set KUBE-CLUSTER-IP")));
}

TEST_F(LoopTest, OneNewEndpointIsOneOperation) {
  start();
  node_.take_log();
  agent_->put(
      make_slice("web", "web-1", {{"", kTcp, 8080}}, {"10.244.1.1", "10.244.1.2", "10.244.1.3"}));
  agent_->run();
  EXPECT_THAT(node_.take_log(), ElementsAre("-a -t 10.96.0.10:80 -r 10.244.1.3:8080 -m -w 1"));
  EXPECT_EQ(agent_->listener.service_changes, 1u);
  EXPECT_EQ(agent_->listener.slice_changes, 2u);
}

TEST_F(LoopTest, AnObjectThatSaysTheSameChangesNothing) {
  start();
  node_.take_log();
  deliver_all();
  agent_->run();
  EXPECT_THAT(node_.take_log(), IsEmpty());
}

TEST_F(LoopTest, AChangedAttributeIsEditedInPlace) {
  start();
  node_.take_log();
  watchers::Service service = make_service("web", "10.96.0.10", {{"", kTcp, 80, 0}});
  service.affinity_timeout_s = 600;
  agent_->put(service);
  agent_->run();
  EXPECT_THAT(node_.take_log(), ElementsAre("-E -t 10.96.0.10:80 -s rr -p 600"));
}

TEST_F(LoopTest, TellsTheHealthCheckOfAServiceWhenItChanges) {
  start();
  EXPECT_THAT(agent_->listener.service_health, IsEmpty());
  watchers::Service service = make_service("lb", "10.96.0.11", {{"", kTcp, 80, 0}});
  service.type = watchers::ServiceType::kLoadBalancer;
  service.external_policy = watchers::TrafficPolicy::kLocal;
  service.health_check_node_port = 30000;
  agent_->put(service);
  agent_->run();
  watchers::EndpointSlice slice = make_slice("lb", "lb-1", {{"", kTcp, 8080}}, {"10.244.2.1"});
  agent_->put(slice);  // on no node that is known
  agent_->run();
  slice.groups[0].endpoints = {fakes::make_endpoint("10.244.1.1", agent_->loop.node().name),
                               fakes::make_endpoint("10.244.1.2", agent_->loop.node().name)};
  agent_->put(slice);
  agent_->run();
  service.health_check_node_port = 30001;
  agent_->put(service);
  agent_->run();
  agent_->remove(Kind::kService, service.key);
  agent_->run();
  EXPECT_THAT(agent_->listener.service_health,
              ElementsAre("default/lb 30000 0", "default/lb 30000 2", "default/lb 30001 2",
                          "default/lb 0 0"));
}

TEST_F(LoopTest, ARemovedEndpointDrainsUntilItsConnectionsEnd) {
  start();
  node_.take_log();
  ipvs::VirtualServerKey key{ip("10.96.0.10"), 80, kTcp, 0};
  ipvs::RealServerKey gone{ip("10.244.1.2"), 8080};
  ASSERT_TRUE(node_.ipvs.set_connections(key, gone, 1, 0));
  agent_->put(make_slice("web", "web-1", {{"", kTcp, 8080}}, {"10.244.1.1"}));
  agent_->run();
  EXPECT_THAT(node_.take_log(), ElementsAre("-e -t 10.96.0.10:80 -r 10.244.1.2:8080 -m -w 0"));
  EXPECT_EQ(agent_->host.drains().size(), 1u);
  agent_->run_for(seconds(60));
  EXPECT_THAT(node_.take_log(), IsEmpty());
  ASSERT_TRUE(node_.ipvs.set_connections(key, gone, 0, 0));
  agent_->run_for(seconds(5));
  EXPECT_THAT(node_.take_log(), ElementsAre("-d -t 10.96.0.10:80 -r 10.244.1.2:8080"));
  EXPECT_EQ(agent_->host.drains().size(), 0u);
  ASSERT_EQ(agent_->listener.drains.size(), 1u);
  EXPECT_EQ(agent_->listener.drains[0].end, DrainEnd::kIdle);
}

TEST_F(LoopTest, ADrainEndsAtItsDeadline) {
  start();
  ipvs::VirtualServerKey key{ip("10.96.0.10"), 80, kTcp, 0};
  ASSERT_TRUE(node_.ipvs.set_connections(key, {ip("10.244.1.2"), 8080}, 1, 0));
  agent_->put(make_slice("web", "web-1", {{"", kTcp, 8080}}, {"10.244.1.1"}));
  agent_->run();
  node_.take_log();
  agent_->run_for(minutes(15) - seconds(5), seconds(5));
  EXPECT_THAT(node_.take_log(), IsEmpty());
  agent_->run_for(seconds(10));
  EXPECT_THAT(node_.take_log(), ElementsAre("-d -t 10.96.0.10:80 -r 10.244.1.2:8080"));
  EXPECT_EQ(agent_->listener.drains.at(0).end, DrainEnd::kDeadline);
}

TEST_F(LoopTest, AReturningEndpointIsWeightedUpAgain) {
  start();
  ipvs::VirtualServerKey key{ip("10.96.0.10"), 80, kTcp, 0};
  ASSERT_TRUE(node_.ipvs.set_connections(key, {ip("10.244.1.2"), 8080}, 1, 0));
  agent_->put(make_slice("web", "web-1", {{"", kTcp, 8080}}, {"10.244.1.1"}));
  agent_->run();
  node_.take_log();
  deliver_all();
  agent_->run();
  EXPECT_THAT(node_.take_log(), ElementsAre("-e -t 10.96.0.10:80 -r 10.244.1.2:8080 -m -w 1"));
  EXPECT_EQ(agent_->host.drains().size(), 0u);
}

TEST_F(LoopTest, ADrainSurvivesARestart) {
  start();
  ipvs::VirtualServerKey key{ip("10.96.0.10"), 80, kTcp, 0};
  ipvs::RealServerKey gone{ip("10.244.1.2"), 8080};
  ASSERT_TRUE(node_.ipvs.set_connections(key, gone, 1, 0));
  agent_->put(make_slice("web", "web-1", {{"", kTcp, 8080}}, {"10.244.1.1"}));
  agent_->run();
  agent_ = std::make_unique<FakeAgent>(node_);
  node_.take_log();
  agent_->put(make_service("web", "10.96.0.10", {{"", kTcp, 80, 0}}));
  agent_->put(make_slice("web", "web-1", {{"", kTcp, 8080}}, {"10.244.1.1"}));
  agent_->sync();
  agent_->run();
  EXPECT_THAT(node_.take_log(), IsEmpty());
  EXPECT_EQ(agent_->host.drains().size(), 1u);
  ASSERT_TRUE(node_.ipvs.set_connections(key, gone, 0, 0));
  agent_->run_for(seconds(5));
  EXPECT_THAT(node_.take_log(), ElementsAre("-d -t 10.96.0.10:80 -r 10.244.1.2:8080"));
}

TEST_F(LoopTest, ADrainEndsWithAVirtualServerThatOthersDelete) {
  start();
  ipvs::VirtualServerKey key{ip("10.96.0.10"), 80, kTcp, 0};
  ASSERT_TRUE(node_.ipvs.set_connections(key, {ip("10.244.1.2"), 8080}, 1, 0));
  agent_->put(make_slice("web", "web-1", {{"", kTcp, 8080}}, {"10.244.1.1"}));
  agent_->run();
  ASSERT_EQ(agent_->host.drains().size(), 1u);
  std::vector<ipvs::IpvsOp> deletion = {ipvs::DeleteVirtualServer{key}};
  ASSERT_TRUE(node_.ipvs.apply(deletion).front().ok());
  agent_->run_for(seconds(5));
  EXPECT_EQ(agent_->host.drains().size(), 0u);
  EXPECT_EQ(ipvs::to_text(*node_.ipvs.read()),
            "-A -t 10.96.0.10:80 -s rr\n"
            "-a -t 10.96.0.10:80 -r 10.244.1.1:8080 -m -w 1\n");
}

TEST_F(LoopTest, ARemovedUdpEndpointLeavesAtOnce) {
  start();
  agent_->put(make_service("dns", "10.96.0.53", {{"", kUdp, 53, 0}}));
  agent_->put(make_slice("dns", "dns-1", {{"", kUdp, 53}}, {"10.244.1.1", "10.244.1.2"}));
  agent_->run();
  node_.take_log();
  agent_->put(make_slice("dns", "dns-1", {{"", kUdp, 53}}, {"10.244.1.1"}));
  agent_->run();
  EXPECT_THAT(node_.take_log(), ElementsAre("-d -u 10.96.0.53:53 -r 10.244.1.2:53"));
  ASSERT_FALSE(agent_->listener.rounds.empty());
  EXPECT_EQ(agent_->listener.rounds.back().report.changed_udp.size(), 1u);
}

TEST_F(LoopTest, ADeletedServiceLeavesAddressFirst) {
  start();
  node_.take_log();
  agent_->remove(Kind::kService, {"default", "web"});
  agent_->run();
  ASSERT_FALSE(agent_->listener.rounds.empty());
  EXPECT_THAT(agent_->listener.rounds.back().report.lines,
              ElementsAre("ip addr del 10.96.0.10/32 dev kube-ipvs0", "ipvsadm -D -t 10.96.0.10:80",
                          HasSubstr("ipset del KUBE-CLUSTER-IP"),
                          HasSubstr("ipset del KUBE-IPVS-IPS"), HasSubstr("iptables-restore")));
  EXPECT_TRUE(node_.ipvs.read()->virtual_servers.empty());
}

TEST_F(LoopTest, AChangedPortIsServedBeforeTheOldOneLeaves) {
  start();
  agent_->put(make_service("web", "10.96.0.10", {{"", kTcp, 81, 0}}));
  agent_->run();
  EXPECT_THAT(
      agent_->listener.rounds.back().report.lines,
      ElementsAre(HasSubstr("ipset add KUBE-CLUSTER-IP"), "ipvsadm -A -t 10.96.0.10:81 -s rr",
                  "ipvsadm -a -t 10.96.0.10:81 -r 10.244.1.1:8080 -m -w 1",
                  "ipvsadm -a -t 10.96.0.10:81 -r 10.244.1.2:8080 -m -w 1",
                  "ipvsadm -D -t 10.96.0.10:80", HasSubstr("ipset del KUBE-CLUSTER-IP")));
}

TEST_F(LoopTest, TheLastServiceOfABoundAddressWaitsForWhatReplacesIt) {
  start();
  node_.take_log();
  node_.ipvs_faults.fail_next_operation({.error_number = ENOMEM});
  agent_->put(make_service("web", "10.96.0.10", {{"", kUdp, 80, 0}}));
  agent_->run();
  EXPECT_THAT(node_.ipvs.log(), Not(Contains("-D -t 10.96.0.10:80")));
  agent_->run_for(seconds(30));
  EXPECT_THAT(node_.ipvs.log(), Contains("-D -t 10.96.0.10:80"));
  EXPECT_THAT(node_.addresses.read()->bound, ElementsAre(ip("10.96.0.10")));
  EXPECT_EQ(ipvs::to_text(*node_.ipvs.read()), "-A -u 10.96.0.10:80 -s rr\n");
}

TEST_F(LoopTest, ARestartPlansNothing) {
  start();
  std::string before = node_.state_text();
  node_.take_log();
  start();
  EXPECT_THAT(node_.take_log(), IsEmpty());
  EXPECT_EQ(node_.state_text(), before);
}

TEST_F(LoopTest, ForeignVirtualServersStayUntouched) {
  std::vector<ipvs::IpvsOp> foreign = {
      *ipvs::parse_op("-A -t 203.0.113.9:443 -s wlc"),
      *ipvs::parse_op("-a -t 203.0.113.9:443 -r 10.9.9.9:443 -g -w 7"),
      *ipvs::parse_op("-A -f 77 -s rr")};
  for (const base::Status& status : node_.ipvs.apply(foreign)) ASSERT_TRUE(status.ok());
  node_.take_log();
  start();
  agent_->run_for(minutes(2));
  for (const std::string& line : node_.take_log()) {
    EXPECT_THAT(line, Not(HasSubstr("203.0.113.9")));
    EXPECT_THAT(line, Not(HasSubstr("-f 77")));
  }
  EXPECT_EQ(agent_->host.foreign_virtual_servers(), 2u);
}

TEST_F(LoopTest, WhatACrashLeftBehindIsRemovedAtTheStart) {
  // The agent before us wrote set and virtual server, and died before it bound the address.
  start();
  std::vector<ipvs::IpvsOp> orphan = {*ipvs::parse_op("-A -t 10.96.0.99:80 -s rr")};
  ASSERT_TRUE(node_.ipvs.apply(orphan).front().ok());
  netconf::IpsetEntry entry{.ip = ip("10.96.0.99"), .port = 80, .ip2 = {}};
  std::vector<netconf::IpsetOp> listed = {
      netconf::AddIpsetEntry{"KUBE-CLUSTER-IP", netconf::IpsetType::kHashIpPort, entry}};
  ASSERT_TRUE(node_.ipsets.apply(listed).front().ok());
  node_.take_log();
  start();
  std::vector<std::string> log = node_.take_log();
  EXPECT_THAT(log, Contains("-D -t 10.96.0.99:80"));
  EXPECT_THAT(log, Contains(HasSubstr("del KUBE-CLUSTER-IP 10.96.0.99,tcp:80")));
}

TEST_F(LoopTest, TheAuditRepairsWhatOthersChanged) {
  start();
  std::string before = node_.state_text();
  std::vector<ipvs::IpvsOp> meddling = {
      *ipvs::parse_op("-e -t 10.96.0.10:80 -r 10.244.1.1:8080 -m -w 9"),
      *ipvs::parse_op("-d -t 10.96.0.10:80 -r 10.244.1.2:8080"),
      *ipvs::parse_op("-a -t 10.96.0.10:80 -r 10.244.7.7:8080 -m -w 1"),
      *ipvs::parse_op("-A -t 10.96.0.10:8443 -s rr")};
  for (const base::Status& status : node_.ipvs.apply(meddling)) ASSERT_TRUE(status.ok());
  std::vector<netconf::AddressOp> moved = {netconf::UnbindAddress{ip("10.96.0.10")},
                                           netconf::BindAddress{ip("10.1.2.3")}};
  for (const base::Status& status : node_.addresses.apply(moved)) ASSERT_TRUE(status.ok());
  node_.ipsets.sets().at("KUBE-CLUSTER-IP").entries.clear();
  node_.iptables.chains(base::Family::kIpv4, "nat").at("KUBE-POSTROUTING").clear();
  auto& output = node_.iptables.chains(base::Family::kIpv4, "nat").at("OUTPUT");
  output.clear();
  ASSERT_NE(node_.state_text(), before);
  agent_->run_for(seconds(90));
  EXPECT_EQ(node_.state_text(), before);
  EXPECT_GE(agent_->listener.drifts.size(), 5u);
}

TEST_F(LoopTest, AFailedOperationIsRetriedAndHoldsNothingElseUp) {
  start();
  node_.take_log();
  node_.ipvs_faults.fail_next_operation({.error_number = ENOMEM});
  agent_->put(make_service("a", "10.96.0.11", {{"", kTcp, 80, 0}}));
  agent_->run();
  EXPECT_EQ(agent_->host.retries().size(), 1u);
  EXPECT_THAT(node_.addresses.read()->bound, ElementsAre(ip("10.96.0.10")))
      << "an address came up without its virtual server";
  agent_->put(make_service("b", "10.96.0.12", {{"", kTcp, 80, 0}}));
  agent_->run();
  EXPECT_THAT(node_.addresses.read()->bound, ElementsAre(ip("10.96.0.10"), ip("10.96.0.12")));
  agent_->run_for(seconds(5));
  EXPECT_THAT(node_.addresses.read()->bound,
              ElementsAre(ip("10.96.0.10"), ip("10.96.0.11"), ip("10.96.0.12")));
  EXPECT_EQ(agent_->host.retries().size(), 0u);
}

TEST_F(LoopTest, ALostAnswerIsFoundOutByReading) {
  start();
  node_.ipvs_faults.fail_next_operation({.error_number = ENOBUFS, .carried_out = true});
  agent_->put(make_service("a", "10.96.0.11", {{"", kTcp, 80, 0}}));
  agent_->run();
  node_.take_log();
  agent_->run_for(seconds(5));
  EXPECT_THAT(node_.take_log(), Not(Contains(HasSubstr("-A -t"))));
  EXPECT_TRUE(agent_->host.believed().holds(ip("10.96.0.11")));
}

TEST_F(LoopTest, ARejectedObjectLeavesTheLastGoodOneInPlace) {
  start();
  node_.take_log();
  agent_->reject(Kind::kService, {"default", "web"}, "spec.ports[0].port: 99999");
  agent_->run();
  EXPECT_THAT(node_.take_log(), IsEmpty());
  EXPECT_THAT(agent_->listener.rejected, ElementsAre("default/web: spec.ports[0].port: 99999"));
}

TEST_F(LoopTest, WhatIsWrongInASliceIsToldOfItsService) {
  start();
  watchers::EndpointSlice slice = make_slice("web", "web-2", {{"", kTcp, 8080}}, {"10.244.1.3"});
  slice.problems = {"endpoints[0].addresses[0]: found \"pod\""};
  agent_->put(slice);
  agent_->run();
  agent_->run();
  ASSERT_EQ(agent_->listener.service_problem_list.size(), 1u);
  EXPECT_THAT(agent_->listener.service_problem_list[0].second,
              ElementsAre("endpoints web-2: endpoints[0].addresses[0]: found \"pod\""));
}

TEST_F(LoopTest, AReadThatIsInterruptedIsTriedAgain) {
  node_.ipvs_faults.interrupt_reads(3);
  agent_ = std::make_unique<FakeAgent>(node_);
  deliver_all();
  agent_->sync();
  agent_->run();
  EXPECT_EQ(agent_->listener.starts, 0);
  EXPECT_THAT(agent_->listener.start_failures, Contains(HasSubstr("interrupted")));
  agent_->run_for(seconds(60));
  EXPECT_EQ(agent_->listener.starts, 1);
  std::string before = node_.state_text();
  // The audit's reads are interrupted too: nothing is taken for gone.
  node_.ipvs_faults.interrupt_reads(5);
  node_.take_log();
  agent_->run_for(seconds(90));
  EXPECT_EQ(node_.state_text(), before);
  EXPECT_THAT(node_.take_log(), IsEmpty());
}

TEST_F(LoopTest, AServiceWithoutPortsIsReportedAndServesNothing) {
  start();
  node_.take_log();
  agent_->put(make_service("empty", "10.96.0.77", {}));
  agent_->run();
  EXPECT_THAT(node_.take_log(), IsEmpty());
  ASSERT_EQ(agent_->listener.service_problem_list.size(), 1u);
  EXPECT_EQ(agent_->listener.service_problem_list[0].first, "default/empty");
}

TEST_F(LoopTest, AFullSetGrows) {
  HostOptions options = FakeAgent::default_host_options();
  options.max_set_elements = 4;
  agent_ = std::make_unique<FakeAgent>(node_, FakeAgent::default_loop_options(), options);
  for (int i = 1; i <= 10; ++i) {
    std::string name = "s" + std::to_string(i);
    agent_->put(make_service(name, "10.96.1." + std::to_string(i), {{"", kTcp, 80, 0}}));
  }
  agent_->sync();
  agent_->run();
  EXPECT_EQ(node_.ipsets.sets().at("KUBE-CLUSTER-IP").entries.size(), 10u);
  EXPECT_EQ(node_.ipsets.sets().at("KUBE-CLUSTER-IP").spec.max_elements, 16u);
  EXPECT_FALSE(node_.ipsets.exists("KUBE-GROWING"));
}

TEST_F(LoopTest, AFullSetGrowsWithWhatItTookBehindTheFirstRefusal) {
  HostOptions options = FakeAgent::default_host_options();
  options.max_set_elements = 4;
  agent_ = std::make_unique<FakeAgent>(node_, FakeAgent::default_loop_options(), options);
  for (int i = 1; i <= 10; ++i) {
    std::string name = "s" + std::to_string(i);
    agent_->put(make_service(name, "10.96.1." + std::to_string(i), {{"", kTcp, 80, 0}}));
  }
  node_.ipsets.set_uneven(true);
  agent_->sync();
  agent_->run();
  EXPECT_EQ(node_.ipsets.sets().at("KUBE-CLUSTER-IP").entries.size(), 10u);
  EXPECT_FALSE(node_.ipsets.exists("KUBE-GROWING"));
}

TEST_F(LoopTest, ASetWithOtherParametersIsReplacedOrLeftOutOfTheRules) {
  netconf::IpsetSpec wrong{.name = "KUBE-CLUSTER-IP", .type = netconf::IpsetType::kHashIp};
  std::vector<netconf::IpsetOp> create = {netconf::CreateIpset{wrong}};
  ASSERT_TRUE(node_.ipsets.apply(create).front().ok());
  node_.ipsets.set_referenced({"KUBE-CLUSTER-IP"});
  start();
  EXPECT_EQ(agent_->host.problems().count("ipset KUBE-CLUSTER-IP"), 1u);
  for (const auto& [chain, rules] : node_.iptables.chains(base::Family::kIpv4, "nat")) {
    EXPECT_THAT(rules, Not(Contains(HasSubstr("KUBE-CLUSTER-IP"))));
  }
  EXPECT_EQ(node_.ipvs.read()->virtual_servers.size(), 1u);
}

TEST_F(LoopTest, AnUnknownSchedulerEndsTheStartWithARemedy) {
  HostOptions options = FakeAgent::default_host_options();
  options.scheduler = "twos";
  FakeAgent agent(node_, FakeAgent::default_loop_options(), options);
  ASSERT_FALSE(agent.prepared.ok());
  EXPECT_THAT(agent.prepared.message(), HasSubstr("modprobe ip_vs_twos"));
}

TEST_F(LoopTest, TheAuditRepairsKernelSettingsAndTellsOfThoseItCannot) {
  HostOptions options = FakeAgent::default_host_options();
  options.sysctls = {{"net/ipv4/ip_forward", "1"}, {"net/ipv4/absent", "1"}};
  agent_ = std::make_unique<FakeAgent>(node_, FakeAgent::default_loop_options(), options);
  agent_->sync();
  agent_->run();
  EXPECT_EQ(agent_->host.problems().count("sysctl net/ipv4/absent"), 1u);
  node_.sysctls.values()["net/ipv4/ip_forward"] = "0";
  node_.sysctls.values()["net/ipv4/absent"] = "0";
  agent_->run_for(seconds(90));
  EXPECT_EQ(node_.sysctls.values()["net/ipv4/ip_forward"], "1");
  EXPECT_EQ(agent_->host.problems().count("sysctl net/ipv4/absent"), 0u);
}

TEST_F(LoopTest, CleanUpLeavesWhatIsNotOurs) {
  std::vector<ipvs::IpvsOp> foreign = {*ipvs::parse_op("-A -t 203.0.113.9:443 -s wlc")};
  ASSERT_TRUE(node_.ipvs.apply(foreign).front().ok());
  node_.iptables.chains(base::Family::kIpv4, "nat")["POSTROUTING"] = {"-j ACCEPT"};
  std::string before = node_.state_text();
  start();
  agent_.reset();
  Host host(node_.tables(), FakeAgent::default_host_options());
  EXPECT_TRUE(host.clean_up().empty());
  EXPECT_EQ(node_.state_text(), before);
  EXPECT_TRUE(node_.ipsets.sets().empty());
  EXPECT_FALSE(node_.addresses.read()->device_exists);
  EXPECT_TRUE(Host(node_.tables(), FakeAgent::default_host_options()).clean_up().empty())
      << "a second time";
}

TEST_F(LoopTest, CleanUpForgetsTheUdpFlowsThatIpvsCarried) {
  start();
  agent_->put(make_service("dns", "10.96.0.20", {{"", kUdp, 53, 0}}));
  agent_->run();
  agent_.reset();
  auto flow = [](const char* service, base::Port port, bool translated) {
    return netconf::Flow{.original = {ip("10.244.1.7"), port, ip(service), 53},
                         .reply = {ip("10.244.1.1"), 5353, ip("10.244.1.7"), port},
                         .translated = translated};
  };
  const netconf::Flow by_a_rule = flow("10.96.0.20", 4000, true);
  const netconf::Flow of_others = flow("203.0.113.9", 4001, false);
  node_.conntrack.flows() = {by_a_rule, flow("10.96.0.20", 4002, false), of_others};
  EXPECT_THAT(Host(node_.tables(), FakeAgent::default_host_options()).clean_up(), IsEmpty());
  EXPECT_THAT(node_.conntrack.flows(), ElementsAre(by_a_rule, of_others));
}

TEST_F(LoopTest, AFailureDoesNotStopTheCleanUp) {
  start();
  agent_.reset();
  node_.ipvs_faults.fail_all_operations({.error_number = EPERM});
  Host host(node_.tables(), FakeAgent::default_host_options());
  EXPECT_EQ(host.clean_up().size(), 1u);
  EXPECT_TRUE(node_.ipsets.sets().empty());
  EXPECT_FALSE(node_.addresses.read()->device_exists);
}

TEST_F(LoopTest, PodCidrsOfTheNodeAreFollowed) {
  LoopOptions options = FakeAgent::default_loop_options();
  options.follow_pod_cidrs = true;
  HostOptions host_options = FakeAgent::default_host_options();
  host_options.rules.local_detector.kind = LocalDetector::Kind::kPodCidr;
  agent_ = std::make_unique<FakeAgent>(node_, options, host_options);
  deliver_all();
  agent_->sync();
  agent_->run();
  watchers::Node object;
  object.key = {"", "node-1"};
  object.pod_cidrs = {*base::IpPrefix::parse("10.244.7.0/24")};
  agent_->put(object);
  agent_->run();
  EXPECT_THAT(node_.iptables.chains(base::Family::kIpv4, "nat")["KUBE-SERVICES"],
              Contains(testing::StartsWith("! -s 10.244.7.0/24 ")));
}

TEST_F(LoopTest, TheFirstRoundWaitsForTheNodeSoThatARestartTakesNothingAway) {
  LoopOptions options = FakeAgent::default_loop_options();
  options.node_wait = std::chrono::seconds(30);
  options.node_ports.primary = true;
  watchers::Service service = make_service("ports", "10.96.0.77", {{"", kTcp, 80, 30080}});
  watchers::Node object;
  object.key = {"", "node-1"};
  object.internal_ips = {*base::IpAddress::parse("192.0.2.1")};
  node_.addresses.set_node_addresses({{object.internal_ips[0], 24, "eth0"}});
  const auto restart = [&] {
    agent_ = std::make_unique<FakeAgent>(node_, options);
    agent_->put(service);
    agent_->sync({watchers::Kind::kService, watchers::Kind::kEndpointSlice});
    agent_->run();
    EXPECT_EQ(agent_->listener.starts, 0) << "began without the Node";
  };
  node_.take_log();
  restart();
  agent_->put(object);
  agent_->sync({watchers::Kind::kNode});
  agent_->run();
  EXPECT_THAT(node_.take_log(), Contains("-A -t 192.0.2.1:30080 -s rr"));

  restart();
  agent_->put(object);
  agent_->sync({watchers::Kind::kNode});
  agent_->run();
  EXPECT_EQ(agent_->listener.starts, 1);
  EXPECT_THAT(node_.take_log(), IsEmpty());

  // An API that never shows the Node does not stop the Services.
  restart();
  EXPECT_EQ(agent_->loop.step(node_.clock.now()), node_.clock.now() + options.node_wait);
  node_.clock.advance(options.node_wait);
  agent_->run();
  EXPECT_EQ(agent_->listener.starts, 1);
  EXPECT_EQ(agent_->listener.starts_without_node, 1);
}

// Random clusters: what is reached step by step equals what a new agent makes of the end, no prefix
// leaves an address without its service, and a restart writes nothing.
class LoopLaws : public testing::TestWithParam<int> {};

watchers::Service random_service(std::mt19937& random, int index) {
  watchers::Service service =
      make_service("s" + std::to_string(index), "10.96.2." + std::to_string(index), {});
  if (random() % 4 == 0) {
    service.cluster_ips.push_back(*base::IpAddress::parse("fd00:96::" + std::to_string(index)));
  }
  int ports = 1 + static_cast<int>(random() % 3);
  for (int port = 0; port < ports; ++port) {
    service.ports.push_back({"p" + std::to_string(port), random() % 3 == 0 ? kUdp : kTcp,
                             static_cast<base::Port>(80 + port), 0});
    if (random() % 4 == 0) {
      service.ports.back().node_port = static_cast<base::Port>(30000 + index * 4 + port);
    }
  }
  if (random() % 4 == 0) {
    // Two Services can name the same external IP.
    service.external_ips = {*base::IpAddress::parse("198.18.0." + std::to_string(random() % 3))};
  }
  if (random() % 3 == 0) service.affinity_timeout_s = 60;
  if (random() % 4 == 0) service.external_policy = watchers::TrafficPolicy::kLocal;
  if (random() % 5 == 0) service.internal_policy = watchers::TrafficPolicy::kLocal;
  return service;
}

watchers::EndpointSlice random_slice(std::mt19937& random, int index) {
  std::string service = "s" + std::to_string(random() % 6);
  watchers::EndpointSlice slice = make_slice(service, "slice-" + std::to_string(index), {}, {});
  for (int port = 0; port < 3; ++port) {
    slice.groups[0].ports.push_back({"p" + std::to_string(port), random() % 3 == 0 ? kUdp : kTcp,
                                     static_cast<base::Port>(8080 + port)});
  }
  int count = static_cast<int>(random() % 4);
  for (int i = 0; i < count; ++i) {
    bool ipv6 = random() % 4 == 0;
    std::string last = std::to_string(random() % 8 + 1);
    watchers::Endpoint endpoint = fakes::make_endpoint((ipv6 ? "fd00:244::" : "10.244.3.") + last,
                                                       random() % 2 == 0 ? "node-1" : "node-2");
    endpoint.ready = random() % 4 != 0;
    endpoint.terminating = !endpoint.ready && random() % 2 == 0;
    slice.groups[0].endpoints.push_back(endpoint);
  }
  return slice;
}

void expect_addresses_served(FakeNode& node) {
  ipvs::IpvsState state = *node.ipvs.read();
  const netconf::AddressState held = *node.addresses.read();
  for (const base::IpAddress& address : held.bound) {
    bool served = std::any_of(state.virtual_servers.begin(), state.virtual_servers.end(),
                              [&](const ipvs::VirtualServerState& server) {
                                return server.server.key.address == address;
                              });
    EXPECT_TRUE(served) << address.to_string() << " is bound without a service";
  }
}

TEST_P(LoopLaws, StepByStepEqualsFromNothing) {
  std::mt19937 random(static_cast<unsigned>(GetParam()));
  FakeNode node;
  FakeAgent agent(node);
  std::map<int, watchers::Service> services;
  std::map<int, watchers::EndpointSlice> slices;
  agent.sync();
  agent.run();
  bool faults = GetParam() % 2 == 1;
  if (faults) {
    node.ipvs_faults.fail_randomly(static_cast<std::uint64_t>(GetParam()), 0.1,
                                   {{.error_number = ENOMEM},
                                    {.error_number = ENOBUFS, .carried_out = true},
                                    {.error_number = ENOENT}});
    node.address_faults.fail_randomly(static_cast<std::uint64_t>(GetParam()), 0.1,
                                      {{.error_number = ENOBUFS}});
  }
  for (int step = 0; step < 60; ++step) {
    int index = static_cast<int>(random() % 6);
    switch (random() % 5) {
      case 0:
        services.erase(index);
        agent.remove(Kind::kService, {"default", "s" + std::to_string(index)});
        break;
      case 1:
        slices.erase(index);
        agent.remove(Kind::kEndpointSlice, {"default", "slice-" + std::to_string(index)});
        break;
      case 2: agent.put(services[index] = random_service(random, index)); break;
      default: agent.put(slices[index] = random_slice(random, index)); break;
    }
    if (random() % 3 != 0) agent.run();
    expect_addresses_served(node);
  }
  node.ipvs_faults.stop();
  node.address_faults.stop();
  agent.run_for(minutes(3));  // retries, and drains without connections, come to their end
  EXPECT_EQ(agent.host.retries().size(), 0u);
  EXPECT_EQ(agent.host.drains().size(), 0u);

  FakeNode fresh;
  FakeAgent reference(fresh);
  for (const auto& [index, service] : services) reference.put(service);
  for (const auto& [index, slice] : slices) reference.put(slice);
  reference.sync();
  reference.run();
  EXPECT_TRUE(node.state_text() == fresh.state_text())
      << "step by step:\n"
      << node.ipvs_and_sets_text() << "\nfrom nothing:\n"
      << fresh.ipvs_and_sets_text();

  node.take_log();
  FakeAgent restarted(node);
  for (const auto& [index, service] : services) restarted.put(service);
  for (const auto& [index, slice] : slices) restarted.put(slice);
  restarted.sync();
  restarted.run();
  for (const std::string& line : node.take_log()) {
    EXPECT_TRUE(line.find("198.51.100.0") != std::string::npos) << line;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, LoopLaws, testing::Range(1, 41));

}  // namespace
}  // namespace agent
