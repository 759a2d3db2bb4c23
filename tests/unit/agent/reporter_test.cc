#include "agent/reporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class LineLog final : public Log {
 public:
  bool writes(LogLevel level) const override { return level != LogLevel::kDebug; }
  void write(LogLevel level, std::string_view event, std::span<const LogField> fields) override {
    lines.push_back(std::string(to_string(level)) + " " + text_line(event, fields));
  }
  std::vector<std::string> lines;
};

// An agent on a node in memory whose loop reports for real.
class ReporterTest : public testing::Test {
 protected:
  ReporterTest() {
    EXPECT_TRUE(host_.prepare(node_.clock.now()).ok());
    Reporter::Options options;
    options.families = {base::Family::kIpv4};
    options.sources = [] { return std::vector<SourceStatus>(); };
    reporter_ = std::make_unique<Reporter>(log_, metrics_, health_, node_.clock, options);
    loop_ = std::make_unique<Loop>(host_, mailbox_, node_.clock, *reporter_,
                                   fakes::FakeAgent::default_loop_options());
  }

  void put(watchers::Kind kind, const watchers::ObjectKey& key, watchers::ObjectNews news) {
    watchers::deliver(mailbox_, {kind, key},
                      {.news = std::move(news), .received = node_.clock.now()});
  }
  void put_service(const char* name, const char* address) {
    auto service = std::make_shared<const watchers::Service>(
        fakes::make_service(name, address, {{"", base::Protocol::kTcp, 80, 0}}));
    put(watchers::Kind::kService, service->key, service);
  }
  void start() {
    put(watchers::Kind::kService, {}, watchers::Synced());
    put(watchers::Kind::kEndpointSlice, {}, watchers::Synced());
    step();
    log_.lines.clear();
  }
  void step() {
    while (loop_->step(node_.clock.now()) <= node_.clock.now()) {
    }
  }

  fakes::FakeNode node_;
  LineLog log_;
  Metrics metrics_{node_.clock};
  Published<HealthState> health_{HealthState()};
  watchers::EventMailbox mailbox_;
  Host host_{node_.tables(), fakes::FakeAgent::default_host_options()};
  std::unique_ptr<Reporter> reporter_;
  std::unique_ptr<Loop> loop_;
};

TEST_F(ReporterTest, OneLineForAnAppliedChangeThatCanBePasted) {
  start();
  put_service("web", "10.96.0.10");
  step();
  ASSERT_EQ(log_.lines.size(), 1u);
  EXPECT_THAT(log_.lines[0],
              AllOf(HasSubstr("info applied cause=change services=default/web operations="),
                    HasSubstr("ipvsadm -A -t 10.96.0.10:80 -s rr ; ip addr add 10.96.0.10/32 dev "
                              "kube-ipvs0")));
}

TEST_F(ReporterTest, NothingToDoIsNoLine) {
  start();
  put_service("web", "10.96.0.10");
  step();
  log_.lines.clear();
  put_service("web", "10.96.0.10");
  step();
  EXPECT_THAT(log_.lines, IsEmpty());
}

TEST_F(ReporterTest, RejectedObjectsAndProblemsAreTold) {
  start();
  put(watchers::Kind::kService, {"default", "web"}, watchers::Rejected{"spec is a number"});
  auto portless =
      std::make_shared<const watchers::Service>(fakes::make_service("empty", "10.96.0.11", {}));
  put(watchers::Kind::kService, portless->key, portless);
  step();
  EXPECT_THAT(log_.lines, ElementsAre(AllOf(HasSubstr("warning object rejected"),
                                            HasSubstr("spec is a number")),
                                      AllOf(HasSubstr("default/empty"), HasSubstr("no ports"))));
}

TEST_F(ReporterTest, AnObjectWithoutANameIsNotToldAsNothing) {
  start();
  put(watchers::Kind::kService, {}, watchers::Rejected{"event 3 of the watch: malformed JSON"});
  step();
  EXPECT_THAT(log_.lines, ElementsAre(AllOf(HasSubstr("kind=Service object=\"(name unreadable)\""),
                                            HasSubstr("event 3 of the watch: malformed JSON"))));
}

TEST_F(ReporterTest, AChangeThatCannotBeAppliedMakesTheNodeUnhealthyInTheEnd) {
  start();
  node_.ipvs_faults.fail_all_operations({.error_number = ENOMEM});
  put_service("web", "10.96.0.10");
  step();
  auto healthy = [&] { return is_healthy(*health_.get(), node_.clock.now()); };
  EXPECT_TRUE(healthy());
  EXPECT_THAT(log_.lines, Contains(HasSubstr("operation failed")));
  for (int i = 0; i < 70; ++i) {
    node_.clock.advance(std::chrono::seconds(1));
    step();
  }
  EXPECT_FALSE(healthy());
  node_.ipvs_faults.stop();
  for (int i = 0; i < 60; ++i) {
    node_.clock.advance(std::chrono::seconds(1));
    step();
  }
  EXPECT_TRUE(healthy());
}

// A trigger time counts for the family of its slice only.
TEST_F(ReporterTest, NetworkProgrammingIsMeasuredForTheFamilyThatChanged) {
  start();
  node_.clock.advance(std::chrono::seconds(10));
  put_service("web", "10.96.0.10");
  auto put_slice = [&](const char* name, const char* address) {
    watchers::EndpointSlice slice =
        fakes::make_slice("web", name, {{"", base::Protocol::kTcp, 80}}, {address});
    slice.trigger_time = node_.clock.wall_now() - std::chrono::seconds(3);
    put(watchers::Kind::kEndpointSlice, slice.key,
        std::make_shared<const watchers::EndpointSlice>(slice));
    step();
    node_.clock.advance(std::chrono::seconds(2));
    return metrics_.page();
  };
  const std::string count = "kubeproxy_network_programming_duration_seconds_count{ip_family=";
  EXPECT_THAT(*put_slice("six", "fd00::1"), Not(HasSubstr(count + "\"IPv4\"} ")));
  EXPECT_THAT(*put_slice("four", "10.244.0.1"), HasSubstr(count + "\"IPv4\"} 1\n"));
}

TEST_F(ReporterTest, TheNodeDecidesWhetherLoadBalancersMaySendHere) {
  start();
  auto eligible = [&] {
    step();
    return health_.get()->node_eligible;
  };
  EXPECT_TRUE(eligible());  // nothing is known of the node yet
  watchers::Node node;
  node.key.name = "node-1";
  auto put_node = [&] {
    put(watchers::Kind::kNode, node.key, std::make_shared<const watchers::Node>(node));
  };
  put_node();
  put(watchers::Kind::kNode, {}, watchers::Synced());
  EXPECT_TRUE(eligible());
  node.autoscaler_deletes = true;
  put_node();
  EXPECT_FALSE(eligible());
  node.autoscaler_deletes = false;
  put_node();
  EXPECT_TRUE(eligible());
  node.being_deleted = true;
  put_node();
  EXPECT_FALSE(eligible());
  EXPECT_TRUE(is_healthy(*health_.get(), node_.clock.now()));
  put(watchers::Kind::kNode, node.key, watchers::Deleted());
  EXPECT_FALSE(eligible());
}

TEST_F(ReporterTest, CountsReachTheMetricsPage) {
  start();
  put_service("web", "10.96.0.10");
  step();
  node_.clock.advance(std::chrono::seconds(2));
  std::shared_ptr<const std::string> page = metrics_.page();
  EXPECT_THAT(*page, HasSubstr("ipvs_agent_operations_total{operation=\"add_virtual_server\","
                               "outcome=\"ok\",table=\"ipvs\"} 1"));
  EXPECT_THAT(*page, HasSubstr("kubeproxy_sync_proxy_rules_service_changes_total 1"));
  EXPECT_THAT(*page, HasSubstr("ipvs_agent_virtual_servers 1"));
}

}  // namespace
}  // namespace agent
