#include "agent/inside_marks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "ipvs/text.h"
#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

using base::Family;
using base::Protocol;
using fakes::FakeAgent;
using fakes::FakeNode;
using testing::Contains;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::uint32_t kMasquerade = 0x4000;

base::IpAddress ip(const std::string& text) { return *base::IpAddress::parse(text); }

ipvs::VirtualServerKey vip(int number, Protocol protocol = Protocol::kTcp) {
  return {.address = ip("203.0.113." + std::to_string(number)), .port = 80, .protocol = protocol};
}

TEST(InsideMarks, AnAddressHasOneMarkWhateverCameBefore) {
  InsideMarks marks(0x3fff, kMasquerade);
  InsideMarks others(0x3fff, kMasquerade);
  (void)others.mark_of(vip(9));
  const std::uint32_t mark = marks.mark_of(vip(1)).value();
  EXPECT_EQ(mark, marks.mark_of(vip(1)));
  EXPECT_EQ(mark, others.mark_of(vip(1)));
  EXPECT_NE(mark, marks.mark_of(vip(1, Protocol::kUdp)));
  EXPECT_TRUE(marks.is_given(marked_key(Family::kIpv4, mark)));
  EXPECT_TRUE(marks.is_given(marked_key(Family::kIpv4, mark | kMasquerade)));
  EXPECT_FALSE(marks.is_given(marked_key(Family::kIpv6, mark)));
  EXPECT_FALSE(marks.is_given(marked_key(Family::kIpv4, mark | 0x8000)));
}

TEST(InsideMarks, EveryMarkOfTheMaskIsGivenOnceAndNoneBeside) {
  constexpr std::uint32_t kMask = 0x000a8100;  // four bits that are no neighbours
  InsideMarks marks(kMask, kMasquerade);
  marks.avoid(marked_key(Family::kIpv4, 0x8000));
  std::set<std::uint32_t> given;
  for (int i = 1; i <= 14; ++i) {
    ASSERT_TRUE(marks.has_room_for(1));
    std::uint32_t mark = marks.mark_of(vip(i)).value();
    EXPECT_EQ(mark & ~kMask, 0u);
    EXPECT_NE(mark, 0u);
    EXPECT_NE(mark, 0x8000u);
    given.insert(mark);
  }
  EXPECT_EQ(given.size(), 14u);
  EXPECT_FALSE(marks.has_room_for(1));
  EXPECT_FALSE(marks.mark_of(vip(15)));
  marks.keep_only([&](const auto& key) { return key.firewall_mark == *given.begin(); });
  EXPECT_TRUE(marks.mark_of(vip(15)));
}

TEST(InsideMarks, WhatTheKernelsSetSaysGoesFirst) {
  InsideMarks marks(0x3fff, kMasquerade);
  marks.remember(vip(1), 7 | kMasquerade);
  marks.remember(vip(2), 7);           // the set of two agents: one of them keeps it
  marks.remember(vip(3), 0x00070000);  // another mask then
  EXPECT_EQ(marks.mark_of(vip(1)), 7u);
  EXPECT_NE(marks.mark_of(vip(2)), 7u);
  EXPECT_EQ(marks.mark_of(vip(3)).value() & ~0x3fffu, 0u);
  EXPECT_TRUE(marks.is_given(marked_key(Family::kIpv4, 0x00070000)));
}

// An address with session affinity whose endpoint listens on that port.
ServicePlan sticky_plan(base::Port endpoint_port) {
  ServicePlan plan;
  PlannedVirtualServer& planned = plan.inside.emplace_back();
  planned.kind = VipKind::kExternalIp;
  planned.server.key = {.address = *base::IpAddress::parse("198.51.100.1"), .port = 80};
  planned.server.scheduler = "lc";
  planned.server.flags = ipvs::kFlagPersistent;
  planned.server.timeout_s = 10800;
  ipvs::RealServer real;
  real.key = {.address = *base::IpAddress::parse("10.244.1.5"), .port = endpoint_port};
  planned.real_servers = {real};
  return plan;
}

// The kernel leaves the port as it is where a mark's virtual server is persistent.
TEST(InsideMarks, ASessionIsKeptOnlyWhereNoPortIsTranslated) {
  for (const std::string hash_scheduler : {"mh", ""}) {
    InsideMarks marks(0x3fff, 0x4000);
    ServicePlan same = sticky_plan(80);
    give_marks(same, marks, true, hash_scheduler);
    ServicePlan translated = sticky_plan(8080);
    give_marks(translated, marks, true, hash_scheduler);
    ASSERT_EQ(same.virtual_servers.size(), 2u);
    ASSERT_EQ(translated.virtual_servers.size(), 2u);
    for (const PlannedVirtualServer& marked : same.virtual_servers) {
      EXPECT_EQ(marked.server.scheduler, "lc");
      EXPECT_EQ(marked.server.flags, ipvs::kFlagPersistent);
      EXPECT_EQ(marked.server.timeout_s, 10800u);
    }
    for (const PlannedVirtualServer& marked : translated.virtual_servers) {
      EXPECT_EQ(marked.server.scheduler, hash_scheduler.empty() ? "lc" : "mh");
      EXPECT_EQ(marked.server.flags, hash_scheduler.empty() ? 0U : ipvs::kFlagScheduler1);
      EXPECT_EQ(marked.server.timeout_s, 0u);
    }
  }
}

TEST(InsideMarks, WithoutAMaskThereAreNone) {
  EXPECT_FALSE(InsideMarks(0, kMasquerade).mark_of(vip(1)));
}

// A node with a Service of externalTrafficPolicy Local on one address.
class InsideTraffic : public testing::Test {
 protected:
  void start(HostOptions options = FakeAgent::default_host_options()) {
    agent_ = std::make_unique<FakeAgent>(node_, FakeAgent::default_loop_options(), options);
    ASSERT_TRUE(agent_->prepared.ok()) << agent_->prepared.message();
    watchers::Service web = service("web", watchers::TrafficPolicy::kLocal);
    web.affinity_timeout_s = affinity_timeout_s_;
    agent_->put(web);
    watchers::EndpointSlice slice =
        fakes::make_slice("web", "web-1", {{"", Protocol::kTcp, 8080}}, {});
    slice.groups[0].endpoints = {
        fakes::make_endpoint("10.244.1.1", FakeAgent::default_loop_options().node_name),
        fakes::make_endpoint("10.244.2.1", "other")};
    agent_->put(slice);
    agent_->sync();
    agent_->run();
  }
  // With session affinity. Its endpoints listen on another port than clients connect to.
  void start_sticky() {
    affinity_timeout_s_ = 10800;
    start();
    agent_->run_for(std::chrono::minutes(5));
  }
  static watchers::Service service(const std::string& name, watchers::TrafficPolicy policy) {
    watchers::Service made = fakes::make_service(name, name == "web" ? "10.96.0.10" : "10.96.0.11",
                                                 {{"", Protocol::kTcp, 80, 0}});
    made.external_ips = {ip("203.0.113.1")};
    made.external_policy = policy;
    return made;
  }
  std::string ipvs() { return ipvs::to_text(*node_.ipvs.read()); }

  FakeNode node_;
  std::unique_ptr<FakeAgent> agent_;
  std::uint32_t affinity_timeout_s_ = 0;
};

TEST_F(InsideTraffic, HasVirtualServersOfItsOwn) {
  start();
  const std::string mark =
      std::to_string(InsideMarks(0x3fff, kMasquerade).mark_of(vip(1)).value() | kMasquerade);
  EXPECT_THAT(ipvs(), HasSubstr("-a -f " + mark + " -r 10.244.1.1:8080 -m -w 1\n-a -f " + mark +
                                " -r 10.244.2.1:8080 -m -w 1\n"));
  EXPECT_THAT(ipvs(), Not(HasSubstr("-a -t 203.0.113.1:80 -r 10.244.2.1:8080")));
  EXPECT_THAT(node_.state_text(), HasSubstr("add KUBE-INSIDE 203.0.113.1,tcp:80\n"));
}

TEST_F(InsideTraffic, IsSteeredOnlyWhenItsRealServersAreThere) {
  start();
  std::vector<std::string> log = node_.take_log();
  auto at = [&](const std::string& part) {
    auto found = std::find_if(log.begin(), log.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    });
    EXPECT_NE(found, log.end()) << part;
    return found - log.begin();
  };
  EXPECT_THAT(log, Contains(HasSubstr("add KUBE-INSIDE-MARK 203.0.113.1,tcp:80 skbmark")));
  EXPECT_LT(at("-r 10.244.2.1:8080"), at("add KUBE-INSIDE 203.0.113.1,tcp:80"));
}

TEST_F(InsideTraffic, IsHashedByClientWhereTheKernelCannotKeepSessions) {
  start_sticky();
  EXPECT_THAT(ipvs(), HasSubstr("-A -t 203.0.113.1:80 -s rr -p 10800"));
  const std::string mark =
      std::to_string(InsideMarks(0x3fff, kMasquerade).mark_of(vip(1)).value() | kMasquerade);
  EXPECT_THAT(ipvs(), HasSubstr("-A -f " + mark + " -s mh -b mh-fallback\n"));
  // An agent that starts anew finds all as it should be.
  node_.take_log();
  start_sticky();
  EXPECT_THAT(node_.take_log(), IsEmpty());
}

TEST_F(InsideTraffic, IsHashedByWhatTheKernelHas) {
  node_.ipvs.remove_scheduler("mh");
  start_sticky();
  EXPECT_THAT(ipvs(), HasSubstr(" -s sh -b sh-fallback\n"));
  EXPECT_THAT(agent_->host.retries().all(), IsEmpty());
}

TEST_F(InsideTraffic, IsScheduledAsUsualByAKernelThatHashesNothing) {
  for (const char* scheduler : {"mh", "sh"}) node_.ipvs.remove_scheduler(scheduler);
  start_sticky();
  EXPECT_THAT(ipvs(), ContainsRegex("-A -f [0-9]+ -s rr\n"));
  EXPECT_THAT(agent_->host.retries().all(), IsEmpty());
}

TEST_F(InsideTraffic, LeavesNothingBehind) {
  start();
  agent_->put(service("web", watchers::TrafficPolicy::kCluster));
  agent_->run();
  EXPECT_THAT(ipvs(), Not(HasSubstr("-f ")));
  EXPECT_THAT(node_.state_text(), Not(HasSubstr("INSIDE")));
}

TEST_F(InsideTraffic, IsRemovedByAnAgentThatHasNoMarks) {
  start();
  EXPECT_THAT(ipvs(), HasSubstr("-A -f "));
  HostOptions options = FakeAgent::default_host_options();
  options.inside_mark_mask = 0;
  start(options);
  EXPECT_THAT(ipvs(), Not(HasSubstr("-f ")));
  EXPECT_THAT(node_.state_text(), Not(HasSubstr("INSIDE")));
}

TEST_F(InsideTraffic, MovesToOtherMarksWithAnotherMask) {
  start();
  HostOptions options = FakeAgent::default_host_options();
  options.inside_mark_mask = 0x3fff0000;
  start(options);
  const std::uint32_t mark = InsideMarks(0x3fff0000, kMasquerade).mark_of(vip(1)).value();
  EXPECT_THAT(ipvs(), HasSubstr("-A -f " + std::to_string(mark | kMasquerade) + " "));
  std::string text = ipvs();
  EXPECT_EQ(text.find("-A -f "), text.rfind("-A -f ")) << text;
  EXPECT_THAT(node_.state_text(), HasSubstr("add KUBE-INSIDE-MARK 203.0.113.1,tcp:80 skbmark 0x"));
}

TEST_F(InsideTraffic, AnswersAsOutsideWhereTheTableMangleCannotBeWritten) {
  node_.iptables.refuse_table("mangle");
  start();
  agent_->run_for(std::chrono::minutes(60), std::chrono::seconds(5));
  EXPECT_THAT(ipvs(), Not(HasSubstr("-f ")));
  EXPECT_THAT(ipvs(), HasSubstr("-a -t 203.0.113.1:80 -r 10.244.1.1:8080"));
  EXPECT_TRUE(agent_->host.problems().contains("inside traffic IPv4"));
  EXPECT_THAT(agent_->host.retries().all(), IsEmpty());
  node_.take_log();
  agent_->run_for(std::chrono::minutes(2));
  EXPECT_THAT(node_.take_log(), IsEmpty());
}

TEST_F(InsideTraffic, IsNotLedAwayFromAnAddressThatBelongsToAnother) {
  start();
  EXPECT_THAT(node_.state_text(), HasSubstr("add KUBE-INSIDE 203.0.113.1,tcp:80\n"));
  // "any" comes before "web": the address is its own now, with all clients.
  agent_->put(service("any", watchers::TrafficPolicy::kCluster));
  agent_->run();
  EXPECT_THAT(node_.state_text(), Not(HasSubstr("add KUBE-INSIDE 203.0.113.1,tcp:80\n")));
  agent_->put(service("any", watchers::TrafficPolicy::kLocal));
  agent_->run();
  EXPECT_THAT(node_.state_text(), HasSubstr("add KUBE-INSIDE 203.0.113.1,tcp:80\n"));
  agent_->run_for(std::chrono::seconds(5));
  EXPECT_THAT(ipvs(), Not(HasSubstr("-a -f ")));  // it has no endpoints
  agent_->remove(watchers::Kind::kService, {"default", "any"});
  agent_->run();
  EXPECT_THAT(node_.state_text(), HasSubstr("add KUBE-INSIDE 203.0.113.1,tcp:80\n"));
  EXPECT_THAT(ipvs(), HasSubstr("-a -f "));
}

TEST_F(InsideTraffic, LeavesMarksOfOthersAlone) {
  const std::uint32_t mark = InsideMarks(0x3fff, kMasquerade).mark_of(vip(1)).value() | kMasquerade;
  std::vector<ipvs::IpvsOp> foreign = {*ipvs::parse_op("-A -f " + std::to_string(mark) + " -s lc")};
  ASSERT_TRUE(node_.ipvs.apply(foreign).front().ok());
  start();
  EXPECT_THAT(ipvs(), HasSubstr("-A -f " + std::to_string(mark) + " -s lc\n"));
  EXPECT_THAT(ipvs(), HasSubstr("-s rr\n-a -f "));
  EXPECT_THAT(agent_->host.clean_up(), IsEmpty());
  EXPECT_EQ(ipvs(), "-A -f " + std::to_string(mark) + " -s lc\n");
}

}  // namespace
}  // namespace agent
