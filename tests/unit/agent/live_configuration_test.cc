#include "agent/live_configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "agent/config_text.h"
#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

using fakes::FakeAgent;
using fakes::FakeNode;
using fakes::make_service;
using fakes::make_slice;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

namespace fs = std::filesystem;

class LineLog final : public Log {
 public:
  bool writes(LogLevel level) const override { return level != LogLevel::kDebug || verbosity > 3; }
  void set_verbosity(std::int64_t value) override { verbosity = value; }
  void write(LogLevel level, std::string_view event, std::span<const LogField> fields) override {
    lines.push_back(std::string(to_string(level)) + " " + text_line(event, fields));
  }
  std::vector<std::string> lines;
  std::int64_t verbosity = 0;
};

// An agent on a node in memory with Service default/web, and its file in a ConfigMap volume.
class LiveConfigurationTest : public testing::Test {
 protected:
  LiveConfigurationTest()
      : folder_(fs::path(testing::TempDir()) /
                (std::string("live-") +
                 testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    fs::create_symlink("..data/config.conf", folder_ / "config.conf");
    for (const char* name :
         {"max", "buckets", "tcp_timeout_established", "tcp_timeout_close_wait"}) {
      node_.sysctls.values()[std::string("net/netfilter/nf_conntrack_") + name] = "1";
    }
  }
  ~LiveConfigurationTest() override { fs::remove_all(folder_); }

  // As the kubelet does: a new folder, and one rename that makes ..data point to it.
  void mount(const std::string& text) {
    std::string version = "..2026_" + std::to_string(++versions_);
    fs::create_directory(folder_ / version);
    std::ofstream(folder_ / version / "config.conf")
        << "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
        << "mode: ipvs\nclusterCIDR: 10.244.0.0/16\n"
        << text;
    fs::create_symlink(version, folder_ / "..data_tmp");
    fs::rename(folder_ / "..data_tmp", folder_ / "..data");
    if (versions_ > 1) fs::remove_all(folder_ / ("..2026_" + std::to_string(versions_ - 1)));
  }

  void start(const std::string& text, std::vector<std::string> flags = {}) {
    mount(text);
    flags.insert(flags.begin(), {"--config", (folder_ / "config.conf").string()});
    auto line = parse_command_line(flags);
    ASSERT_TRUE(line.ok()) << line.status().message();
    Machine machine{.kernel_major = 6, .kernel_minor = 1};
    const Configuration& configuration = line->loaded.configuration;
    host_ = std::make_unique<Host>(node_.tables(), host_options(configuration, machine));
    Reporter::Options options;
    options.families = {base::Family::kIpv4};
    options.sources = [] { return std::vector<SourceStatus>(); };
    reporter_ = std::make_unique<Reporter>(log_, metrics_, health_, node_.clock, options);
    loop_ = std::make_unique<Loop>(*host_, mailbox_, node_.clock, *reporter_,
                                   loop_options(configuration, machine, "node-1"));
    live_ = std::make_unique<LiveConfiguration>(
        *line, machine,
        LiveConfiguration::Parts{.host = *host_,
                                 .loop = *loop_,
                                 .reporter = *reporter_,
                                 .log = log_,
                                 .configz = configz_,
                                 .apply_to_process = [&](const Configuration& now) {
                                   oom_scores_.push_back(now.oom_score_adj);
                                 }});
    ASSERT_TRUE(host_->prepare(node_.clock.now()).ok());
    deliver(make_service("web", "10.96.0.10", {{"", base::Protocol::kTcp, 80, 30080}}));
    deliver(make_slice("web", "web-1", {{"", base::Protocol::kTcp, 8080}}, {"10.244.1.1"}));
    for (auto kind :
         {watchers::Kind::kService, watchers::Kind::kEndpointSlice, watchers::Kind::kNode}) {
      watchers::deliver(mailbox_, {kind, {}}, {.news = watchers::Synced(), .received = {}});
    }
    run();
    ASSERT_TRUE(loop_->started());
    node_.take_log();
    log_.lines.clear();
  }
  template <typename Object>
  void deliver(Object object) {
    constexpr auto kKind = std::is_same_v<Object, watchers::Service>
                               ? watchers::Kind::kService
                               : watchers::Kind::kEndpointSlice;
    watchers::EventKey key{kKind, object.key};
    watchers::deliver(
        mailbox_, key,
        {.news = std::make_shared<const Object>(std::move(object)), .received = node_.clock.now()});
  }
  void run() {
    for (int i = 0; i < 20 && loop_->step(node_.clock.now()) <= node_.clock.now(); ++i) {
    }
  }
  // Replaces the file and lets the agent find it.
  void change(const std::string& text) {
    mount(text);
    look();
  }
  void look() {
    for (int i = 0; i < 3; ++i) {
      base::TimePoint next = live_->check(node_.clock.now());
      node_.clock.advance(std::min(next - node_.clock.now(), base::Duration(seconds(1))));
    }
    run();
  }

  FakeNode node_;
  LineLog log_;
  Metrics metrics_{node_.clock};
  Published<HealthState> health_{HealthState()};
  Published<std::string> configz_{""};
  watchers::EventMailbox mailbox_;
  std::unique_ptr<Host> host_;
  std::unique_ptr<Reporter> reporter_;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<LiveConfiguration> live_;
  std::vector<std::int64_t> oom_scores_;
  fs::path folder_;
  int versions_ = 0;
};

TEST_F(LiveConfigurationTest, AFileThatSaysTheSameChangesNothing) {
  start("ipvs: {scheduler: rr}\n");
  change("ipvs: {scheduler: rr}\n# a remark\n");
  EXPECT_THAT(node_.take_log(), IsEmpty());
  EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("applied=\"nothing differs\"")));
}

TEST_F(LiveConfigurationTest, AnotherSchedulerIsEditedInPlace) {
  start("ipvs: {scheduler: rr}\n");
  change("ipvs: {scheduler: wlc}\n");
  EXPECT_THAT(
      node_.take_log(),
      UnorderedElementsAre("-A -t 198.51.100.0:20000 -s wlc", "-D -t 198.51.100.0:20000",
                           "-E -t 10.96.0.10:80 -s wlc", "-E -t 192.168.0.10:30080 -s wlc"));
  EXPECT_THAT(log_.lines, Contains(HasSubstr("ipvs.scheduler: \\\"rr\\\" -> \\\"wlc\\\"")));
  EXPECT_THAT(log_.lines, Contains(HasSubstr("applied cause=configuration")));
  EXPECT_THAT(*configz_.get(), HasSubstr(R"("scheduler":"wlc")"));
}

TEST_F(LiveConfigurationTest, ASchedulerThatTheKernelLacksIsNotTakenOver) {
  start("ipvs: {scheduler: rr}\n");
  node_.ipvs_faults.fail_next_operation({.error_number = ENOENT});
  change("ipvs: {scheduler: wlc, minSyncPeriod: 1s}\n");
  node_.take_log();
  EXPECT_EQ(live_->configuration().ipvs.scheduler, "rr");
  EXPECT_EQ(live_->configuration().ipvs.min_sync_period, seconds(1));
  EXPECT_THAT(log_.lines, Contains(AllOf(HasSubstr("degraded what=configuration"),
                                         HasSubstr("ipvs.scheduler"), HasSubstr("wlc"))));
  EXPECT_THAT(health_.get()->warnings, ElementsAre(HasSubstr("configuration: ipvs.scheduler")));
  EXPECT_TRUE(is_healthy(*health_.get(), node_.clock.now()));
}

TEST_F(LiveConfigurationTest, NodePortAddressesMoveTheirVirtualServers) {
  start("");
  change("nodePortAddresses: [10.0.0.0/8]\n");
  EXPECT_THAT(node_.take_log(), Contains("-D -t 192.168.0.10:30080"));
  change("nodePortAddresses: [192.168.0.0/16]\n");
  EXPECT_THAT(node_.take_log(), Contains("-A -t 192.168.0.10:30080 -s rr"));
}

TEST_F(LiveConfigurationTest, RulesFollowTheirKeysAndNothingElseIsWritten) {
  start("");
  change("iptables: {masqueradeAll: true}\n");
  std::vector<std::string> log = node_.take_log();
  EXPECT_THAT(log, Not(IsEmpty()));
  for (const std::string& line : log) {
    EXPECT_THAT(line, Not(AllOf(HasSubstr("-t 10.96.0.10:80"), HasSubstr("-a")))) << line;
  }
  auto mark_all = node_.iptables.chains(base::Family::kIpv4, "nat")["KUBE-SERVICES"];
  change("iptables: {masqueradeAll: false}\n");
  EXPECT_NE(mark_all, node_.iptables.chains(base::Family::kIpv4, "nat")["KUBE-SERVICES"]);
  change("detectLocalMode: InterfaceNamePrefix\ndetectLocal: {interfaceNamePrefix: veth}\n");
  EXPECT_THAT(node_.iptables.chains(base::Family::kIpv4, "nat")["KUBE-SERVICES"],
              Contains(HasSubstr("veth+")));
}

TEST_F(LiveConfigurationTest, KernelSettingsAndTimeOutsAreSet) {
  start("");
  change(
      "ipvs: {strictARP: true, tcpTimeout: 600s}\nconntrack: {tcpCloseWaitTimeout: 7s}\n"
      "oomScoreAdj: -5\nlogging: {verbosity: 4}\n");
  EXPECT_THAT(node_.take_log(),
              testing::IsSupersetOf({HasSubstr("arp_ignore"), HasSubstr("arp_announce"),
                                     HasSubstr("tcp_timeout_close_wait"), HasSubstr("--set 600")}));
  EXPECT_THAT(oom_scores_, ElementsAre(-5));
  EXPECT_EQ(log_.verbosity, 4);
}

TEST_F(LiveConfigurationTest, PeriodsAndLimitsCountFromNowOn) {
  start("");
  ipvs::VirtualServerKey key{*base::IpAddress::parse("10.96.0.10"), 80, base::Protocol::kTcp, 0};
  ipvs::RealServerKey server{*base::IpAddress::parse("10.244.1.1"), 8080};
  ASSERT_TRUE(node_.ipvs.set_connections(key, server, 1, 0));
  deliver(make_slice("web", "web-1", {{"", base::Protocol::kTcp, 8080}}, {}));
  run();
  base::TimePoint began = host_->drains().find(key, server)->started;
  change("ipvs: {syncPeriod: 3m}\nipvsAgent: {drainTimeout: 2m, auditPeriod: 7s}\n");
  EXPECT_EQ(host_->drains().find(key, server)->deadline, began + std::chrono::minutes(2));
  EXPECT_EQ(health_.get()->timeout, std::chrono::minutes(6));
  EXPECT_EQ(host_->options().audit_period, seconds(7));
}

TEST_F(LiveConfigurationTest, WhatTakesARestartIsNamedUntilTheFileIsBack) {
  start("");
  change("healthzBindAddress: 0.0.0.0:9\nhostnameOverride: other\nipvs: {scheduler: lc}\n");
  EXPECT_EQ(live_->configuration().ipvs.scheduler, "lc");
  EXPECT_EQ(live_->configuration().hostname_override, "");
  EXPECT_THAT(log_.lines, Contains(AllOf(HasSubstr("degraded what=configuration"),
                                         HasSubstr("healthzBindAddress: the file has"),
                                         HasSubstr("hostnameOverride: the file has"),
                                         HasSubstr("restart of the agent"))));
  node_.clock.advance(seconds(2));
  EXPECT_THAT(*metrics_.page(), HasSubstr("ipvs_agent_config_keys_waiting 2\n"));
  change("ipvs: {scheduler: lc}\n");
  node_.clock.advance(seconds(2));
  EXPECT_THAT(log_.lines, Contains(HasSubstr("mended what=configuration")));
  EXPECT_THAT(*metrics_.page(), AllOf(HasSubstr("ipvs_agent_config_keys_waiting 0\n"),
                                      HasSubstr("ipvs_agent_config_in_force 1\n")));
}

TEST_F(LiveConfigurationTest, ABrokenFileChangesNothingAndIsNamed) {
  start("ipvs: {scheduler: wlc}\n");
  change("ipvs: {scheduler: best}\n");
  EXPECT_THAT(node_.take_log(), IsEmpty());
  EXPECT_EQ(live_->configuration().ipvs.scheduler, "wlc");
  EXPECT_THAT(log_.lines,
              Contains(AllOf(HasSubstr("degraded what=configuration"),
                             HasSubstr((folder_ / "config.conf:5: ipvs.scheduler").string()),
                             HasSubstr("best"), HasSubstr("allowed: one of"))));
  change("]\n");
  EXPECT_EQ(live_->configuration().ipvs.scheduler, "wlc");
  EXPECT_THAT(health_.get()->warnings, ElementsAre(HasSubstr("line 5")));
  change("ipvs: {scheduler: lc}\n");
  EXPECT_EQ(live_->configuration().ipvs.scheduler, "lc");
  EXPECT_THAT(health_.get()->warnings, IsEmpty());
  node_.clock.advance(seconds(2));
  EXPECT_THAT(*metrics_.page(),
              HasSubstr("ipvs_agent_config_reloads_total{outcome=\"refused\"} 2\n"));
}

TEST_F(LiveConfigurationTest, FlagsKeepTheirPlaceOverTheFile) {
  start("logging: {verbosity: 1}\n", {"--v=5"});
  change("logging: {verbosity: 2}\nipvs: {scheduler: lc}\n");
  EXPECT_EQ(live_->configuration().logging.verbosity, 5);
  EXPECT_EQ(live_->configuration().ipvs.scheduler, "lc");
}

TEST_F(LiveConfigurationTest, AVolumeThatIsAwayForAMomentIsNoChange) {
  start("ipvs: {scheduler: wlc}\n");
  fs::remove(folder_ / "..data");
  look();
  EXPECT_THAT(log_.lines, IsEmpty());
  change("ipvs: {scheduler: lc}\n");
  EXPECT_EQ(live_->configuration().ipvs.scheduler, "lc");
}

TEST_F(LiveConfigurationTest, AFileThatIsStillBeingWrittenIsNotRead) {
  start("ipvs: {scheduler: wlc}\n");
  mount("ipvs: {scheduler: l");
  EXPECT_EQ(live_->check(node_.clock.now()), node_.clock.now() + ConfigWatch::kSettle);
  node_.clock.advance(milliseconds(100));
  mount("ipvs: {scheduler: lc}\n");
  live_->check(node_.clock.now());
  node_.clock.advance(milliseconds(200));
  live_->check(node_.clock.now());
  EXPECT_EQ(live_->configuration().ipvs.scheduler, "wlc");
  node_.clock.advance(milliseconds(50));
  live_->check(node_.clock.now());
  EXPECT_EQ(live_->configuration().ipvs.scheduler, "lc");
  EXPECT_THAT(health_.get()->warnings, IsEmpty());
}

}  // namespace
}  // namespace agent
