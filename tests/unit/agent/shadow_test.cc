#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/command_line.h"
#include "agent/read_only_tables.h"
#include "agent/reporter.h"
#include "tests/fakes/fake_node.h"

// Shadow mode: everything is read and told, nothing is written.
namespace agent {
namespace {

using fakes::FakeAgent;
using fakes::FakeNode;
using fakes::make_service;
using fakes::make_slice;
using std::chrono::seconds;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

class LineLog final : public Log {
 public:
  bool writes(LogLevel level) const override { return level != LogLevel::kDebug; }
  void write(LogLevel level, std::string_view event, std::span<const LogField> fields) override {
    lines.push_back(std::string(to_string(level)) + " " + text_line(event, fields));
  }
  std::vector<std::string> lines;
};

// A shadow on a node in memory where, perhaps, another agent works.
class ShadowTest : public testing::Test {
 protected:
  void work() {
    HostOptions options = FakeAgent::default_host_options();
    options.sysctls = {{"net/ipv4/ip_forward", "1"}};
    worker_ = std::make_unique<FakeAgent>(node_, FakeAgent::default_loop_options(), options);
    ASSERT_TRUE(worker_->prepared.ok());
    deliver(worker_->mailbox, "web", "10.96.0.10");
    worker_->sync();
    worker_->run();
  }
  // A Service whose clients inside the cluster have virtual servers of their own.
  static void deliver_local(watchers::EventMailbox& mailbox) {
    auto service = make_service("lb", "10.96.0.20", {{"", base::Protocol::kTcp, 80, 30080}});
    service.external_ips = {*base::IpAddress::parse("203.0.113.1")};
    service.external_policy = watchers::TrafficPolicy::kLocal;
    watchers::deliver(mailbox, {watchers::Kind::kService, service.key},
                      {.news = std::make_shared<const watchers::Service>(service), .received = {}});
    auto slice = make_slice("lb", "lb-1", {{"", base::Protocol::kTcp, 8080}}, {"10.244.2.1"});
    watchers::deliver(
        mailbox, {watchers::Kind::kEndpointSlice, slice.key},
        {.news = std::make_shared<const watchers::EndpointSlice>(slice), .received = {}});
  }
  // The kernel's set has another mark for the address than an agent would choose.
  void give_mark(std::uint32_t mark) {
    const std::string name = "KUBE-INSIDE-MARK";
    netconf::IpsetEntry entry{.ip = *base::IpAddress::parse("203.0.113.1"),
                              .protocol = base::Protocol::kTcp,
                              .port = 80,
                              .ip2 = {},
                              .mark = mark,
                              .mark_mask = 0x3fff};
    std::vector<netconf::IpsetOp> ops = {
        netconf::CreateIpset{
            {.name = name, .type = netconf::IpsetType::kHashIpPort, .skbinfo = true}},
        netconf::AddIpsetEntry{name, netconf::IpsetType::kHashIpPort, entry}};
    for (const base::Status& status : node_.ipsets.apply(ops)) {
      ASSERT_TRUE(status.ok()) << status.message();
    }
  }
  void start() {
    HostOptions options = FakeAgent::default_host_options();
    options.sysctls = {{"net/ipv4/ip_forward", "1"}};
    options.shadow = true;
    options.timeouts = timeouts_;
    read_only_ = std::make_unique<ReadOnlyTables>(node_.tables());
    host_ = std::make_unique<Host>(read_only_->tables(), options);
    Reporter::Options reports;
    reports.families = {base::Family::kIpv4, base::Family::kIpv6};
    reports.sources = [] { return std::vector<SourceStatus>(); };
    reporter_ = std::make_unique<Reporter>(log_, metrics_, health_, node_.clock, reports);
    loop_ = std::make_unique<Loop>(*host_, mailbox_, node_.clock, *reporter_,
                                   FakeAgent::default_loop_options());
    node_.take_log();
    ASSERT_TRUE(host_->prepare(node_.clock.now()).ok());
    deliver(mailbox_, "web", "10.96.0.10");
    for (auto kind :
         {watchers::Kind::kService, watchers::Kind::kEndpointSlice, watchers::Kind::kNode}) {
      watchers::deliver(mailbox_, {kind, {}}, {.news = watchers::Synced(), .received = {}});
    }
    step();
    ASSERT_TRUE(loop_->started());
  }
  void deliver(watchers::EventMailbox& mailbox, const char* name, const char* address) {
    auto service = std::make_shared<const watchers::Service>(
        make_service(name, address, {{"", base::Protocol::kTcp, 80, 0}}));
    auto slice = std::make_shared<const watchers::EndpointSlice>(make_slice(
        name, std::string(name) + "-1", {{"", base::Protocol::kTcp, 8080}}, {"10.244.1.1"}));
    watchers::deliver(mailbox, {watchers::Kind::kService, service->key},
                      {.news = service, .received = node_.clock.now()});
    watchers::deliver(mailbox, {watchers::Kind::kEndpointSlice, slice->key},
                      {.news = slice, .received = node_.clock.now()});
  }
  void step() {
    int steps = 0;
    while (loop_->step(node_.clock.now()) <= node_.clock.now()) ASSERT_LT(++steps, 20);
  }
  void run_for(base::Duration time) {
    for (base::Duration passed{}; passed < time; passed += seconds(1)) {
      node_.clock.advance(seconds(1));
      step();
    }
  }

  FakeNode node_;
  ipvs::Timeouts timeouts_;
  std::unique_ptr<FakeAgent> worker_;
  LineLog log_;
  Metrics metrics_{node_.clock};
  Published<HealthState> health_{HealthState()};
  watchers::EventMailbox mailbox_;
  std::unique_ptr<ReadOnlyTables> read_only_;
  std::unique_ptr<Host> host_;
  std::unique_ptr<Reporter> reporter_;
  std::unique_ptr<Loop> loop_;
};

TEST_F(ShadowTest, OnAnEmptyHostTellsAllThatIsMissingAndWritesNothing) {
  const std::string before = node_.state_text();
  start();
  run_for(seconds(65));
  EXPECT_THAT(node_.take_log(), IsEmpty());
  EXPECT_EQ(node_.state_text(), before);
  ASSERT_FALSE(log_.lines.empty());
  EXPECT_THAT(log_.lines[0],
              AllOf(HasSubstr("shadow: differs cause=start"),
                    HasSubstr("sysctl -w net/ipv4/ip_forward=1 ; ip link add kube-ipvs0 type dummy "
                              "; ipset create KUBE-"),
                    HasSubstr("more)")));
  // At the start and at two audits.
  EXPECT_EQ(std::ranges::count_if(
                log_.lines,
                [](const auto& line) { return line.find("shadow: differs") != std::string::npos; }),
            3);
  EXPECT_THAT(*metrics_.page(),
              AllOf(HasSubstr("ipvs_agent_shadow_differences{table=\"ipvs\"} 2\n"),
                    HasSubstr("ipvs_agent_shadow_differences{table=\"address\"} 2\n"),
                    HasSubstr("ipvs_agent_shadow_differences{table=\"sysctl\"} 1\n")));
  std::shared_ptr<const HealthState> health = health_.get();
  EXPECT_THAT(health->warnings, Contains("shadow mode: this agent programs nothing"));
  // It never was up to date.
  EXPECT_EQ(health->families.at(0).last_updated, std::nullopt);
}

TEST_F(ShadowTest, BesideAnAgentThatWorksNothingDiffers) {
  work();
  start();
  EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("shadow: nothing differs cause=start")));
  run_for(seconds(65));
  EXPECT_EQ(log_.lines.size(), 1u);
  EXPECT_THAT(node_.take_log(), IsEmpty());
  EXPECT_TRUE(health_.get()->families.at(0).last_updated);
}

TEST_F(ShadowTest, TellsOfAChangeAndThenWhetherTheOtherOneMadeIt) {
  work();
  start();
  log_.lines.clear();
  deliver(mailbox_, "shop", "10.96.0.11");
  step();
  EXPECT_THAT(log_.lines,
              ElementsAre(AllOf(HasSubstr("shadow: would apply cause=change"),
                                HasSubstr("services=default/shop"),
                                HasSubstr("ipvsadm -A -t 10.96.0.11:80 -s rr ; ipvsadm -a"))));
  EXPECT_THAT(node_.take_log(), IsEmpty());
  run_for(seconds(31));
  EXPECT_THAT(log_.lines.back(), HasSubstr("shadow: differs cause=audit"));
  deliver(worker_->mailbox, "shop", "10.96.0.11");
  worker_->run();
  node_.take_log();
  run_for(seconds(31));
  EXPECT_THAT(log_.lines.back(), HasSubstr("shadow: nothing differs cause=audit"));
  EXPECT_THAT(node_.take_log(), IsEmpty());
}

TEST_F(ShadowTest, TellsWhatDiffersInCommandsThatCanBePasted) {
  work();
  std::vector<ipvs::IpvsOp> ops = {ipvs::DeleteVirtualServer{
      {*base::IpAddress::parse("10.96.0.10"), 80, base::Protocol::kTcp, 0}}};
  ASSERT_TRUE(node_.ipvs.apply(ops).front().ok());
  node_.iptables.chains(base::Family::kIpv4, "nat")["KUBE-MARK-MASQ"].clear();
  std::vector<netconf::AddressOp> stranger = {
      netconf::BindAddress{*base::IpAddress::parse("10.99.9.9")}};
  ASSERT_TRUE(node_.addresses.apply(stranger).front().ok());
  start();
  EXPECT_THAT(log_.lines,
              ElementsAre(AllOf(HasSubstr("operations=4"),
                                HasSubstr("ip addr del 10.99.9.9/32 dev kube-ipvs0 ; ipvsadm -A -t "
                                          "10.96.0.10:80 -s rr ; ipvsadm -a"),
                                HasSubstr("iptables -t nat -F KUBE-MARK-MASQ ; iptables -t nat -A "
                                          "KUBE-MARK-MASQ "))));
  EXPECT_THAT(node_.take_log(), IsEmpty());
}

TEST_F(ShadowTest, ADrainOfTheOtherOneIsNoDifference) {
  work();
  std::vector<ipvs::IpvsOp> ops = {
      ipvs::AddRealServer{{*base::IpAddress::parse("10.96.0.10"), 80, base::Protocol::kTcp, 0},
                          {.key = {*base::IpAddress::parse("10.244.1.7"), 8080}, .weight = 0}}};
  ASSERT_TRUE(node_.ipvs.apply(ops).front().ok());
  start();
  EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("shadow: nothing differs")));
}

TEST_F(ShadowTest, WhatClientsInsideTheClusterHaveIsComparedToo) {
  node_.addresses.set_node_addresses({{*base::IpAddress::parse("192.0.2.1"), 24, "eth0"}});
  work();
  deliver_local(worker_->mailbox);
  worker_->run();
  ASSERT_THAT(node_.state_text(), AllOf(HasSubstr("add KUBE-INSIDE 203.0.113.1,tcp:80"),
                                        HasSubstr("-A -t 192.0.2.1:30080")));
  deliver_local(mailbox_);
  start();
  EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("shadow: nothing differs cause=start")));
  std::vector<netconf::IpsetOp> ops = {netconf::DeleteIpsetEntry{
      "KUBE-INSIDE",
      netconf::IpsetType::kHashIpPort,
      {.ip = *base::IpAddress::parse("203.0.113.1"), .port = 80, .ip2 = {}}}};
  ASSERT_TRUE(node_.ipsets.apply(ops).front().ok());
  node_.take_log();
  run_for(seconds(31));
  EXPECT_THAT(log_.lines.back(),
              AllOf(HasSubstr("shadow: differs cause=audit"), HasSubstr("operations=1"),
                    HasSubstr("\"ipset add KUBE-INSIDE 203.0.113.1,tcp:80 -exist\"")));
  EXPECT_THAT(node_.take_log(), IsEmpty());
}

TEST_F(ShadowTest, TheMarksThatTheOtherOneGaveAreTakenOver) {
  give_mark(7);
  work();
  deliver_local(worker_->mailbox);
  worker_->run();
  ASSERT_THAT(node_.state_text(), HasSubstr("-A -f 16391 "));  // 7, with the masquerading bit
  deliver_local(mailbox_);
  start();
  EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("shadow: nothing differs cause=start")));
}

TEST_F(ShadowTest, AMarkThatTheOtherOneGivesLaterIsTakenOverAtTheAudit) {
  work();
  start();
  give_mark(7);
  work();  // one that begins finds the mark
  for (auto* mailbox : {&worker_->mailbox, &mailbox_}) deliver_local(*mailbox);
  worker_->run();
  ASSERT_THAT(node_.state_text(), HasSubstr("-A -f 16391 "));
  node_.take_log();
  step();
  EXPECT_THAT(log_.lines.back(), HasSubstr("shadow: would apply cause=change"));
  run_for(seconds(35));
  EXPECT_THAT(log_.lines, Not(Contains(HasSubstr("shadow: differs"))));
  EXPECT_THAT(*metrics_.page(), HasSubstr("ipvs_agent_shadow_differences{table=\"ipvs\"} 0\n"));
  EXPECT_THAT(node_.take_log(), IsEmpty());
}

TEST_F(ShadowTest, AddressesThatBecomeSourcesOfOtherTrafficAreADifference) {
  work();
  node_.addresses.bind_and_lend(*base::IpAddress::parse("fd00::1"));
  start();
  EXPECT_THAT(log_.lines, ElementsAre(AllOf(HasSubstr("operations=2"),
                                            HasSubstr("ip addr del fd00::1/128 dev kube-ipvs0"))));
  EXPECT_THAT(node_.take_log(), IsEmpty());
}

TEST_F(ShadowTest, ASettingThatNobodyCanChangeHereIsTold) {
  work();
  node_.sysctls.values()["net/ipv4/ip_forward"] = "0";
  node_.sysctls.fixed() = {"net/ipv4/ip_forward"};
  start();
  EXPECT_THAT(log_.lines,
              Contains(HasSubstr("only the host's own network namespace may change it")));
  EXPECT_THAT(log_.lines, Contains(HasSubstr("shadow: nothing differs cause=start")));
}

TEST_F(ShadowTest, OtherTimeoutsAreADifferenceUntilSomebodySetsThem) {
  work();
  timeouts_ = {.tcp_s = 700, .tcp_fin_s = 0, .udp_s = 300};
  start();
  EXPECT_THAT(log_.lines, ElementsAre(AllOf(HasSubstr("operations=1"),
                                            HasSubstr("commands=\"ipvsadm --set 700 0 300\""))));
  EXPECT_THAT(node_.take_log(), IsEmpty());
  log_.lines.clear();
  const std::vector<ipvs::IpvsOp> set = {ipvs::SetTimeouts{timeouts_}};
  ASSERT_TRUE(node_.ipvs.apply(set).front().ok());
  run_for(seconds(31));
  EXPECT_THAT(log_.lines, Contains(HasSubstr("shadow: nothing differs cause=audit")));
}

TEST_F(ShadowTest, TellsWhatOtherModesOfKubeProxyWouldLeave) {
  work();
  node_.iptables.chains(base::Family::kIpv4, "nat")["KUBE-SVC-X"] = {"-j RETURN"};
  node_.nft.tables().insert({base::Family::kIpv6, "kube-proxy"});
  start();
  EXPECT_THAT(log_.lines,
              ElementsAre(AllOf(HasSubstr("operations=2"),
                                HasSubstr("iptables -t nat -F KUBE-SVC-X ; iptables -t nat -X "
                                          "KUBE-SVC-X ; nft delete table ip6 kube-proxy"))));
  run_for(seconds(31));
  EXPECT_THAT(node_.take_log(), IsEmpty());
}

TEST_F(ShadowTest, ReadOnlyTablesRefuseEveryOperation) {
  ReadOnlyTables read_only(node_.tables());
  HostTables tables = read_only.tables();
  std::vector<ipvs::IpvsOp> ipvs = {ipvs::SetTimeouts{}};
  std::vector<netconf::AddressOp> address = {netconf::CreateDevice{}};
  std::vector<netconf::IpsetOp> ipset = {netconf::DestroyIpset{"X"}};
  std::vector<netconf::IptablesOp> rules = {netconf::DeleteChain{"nat", "X"}};
  std::vector<netconf::Sysctl> sysctls = {{"net/ipv4/ip_forward", "1"}};
  std::vector<netconf::DeleteFlow> flows = {{}};
  std::vector<netconf::DeleteNftTable> nft = {{}};
  node_.take_log();
  for (const base::Status& status :
       {tables.ipvs.apply(ipvs).at(0), tables.addresses.apply(address).at(0),
        tables.ipsets.apply(ipset).at(0), tables.iptables.apply(base::Family::kIpv4, rules).at(0),
        tables.sysctls.apply(sysctls).at(0), tables.conntrack.apply(flows).at(0),
        tables.nft.apply(nft).at(0)}) {
    EXPECT_EQ(status.code(), base::Code::kCancelled);
  }
  EXPECT_THAT(node_.take_log(), IsEmpty());
}

TEST(ShadowCommandLine, StepsAsideAndRefusesWhatWrites) {
  auto line = parse_command_line(std::vector<std::string>{"--shadow"});
  ASSERT_TRUE(line.ok());
  EXPECT_TRUE(line->shadow);
  EXPECT_EQ(to_string(*line->loaded.configuration.healthz_bind_address), "0.0.0.0:10356");
  EXPECT_EQ(to_string(*line->loaded.configuration.metrics_bind_address), "127.0.0.1:10349");
  line = parse_command_line(
      std::vector<std::string>{"--shadow", "--healthz-bind-address=1.2.3.4:65500"});
  EXPECT_EQ(to_string(*line->loaded.configuration.healthz_bind_address), "1.2.3.4:65400");
  for (const char* other : {"--cleanup", "--init-only"}) {
    EXPECT_THAT(parse_command_line(std::vector<std::string>{"--shadow", other}).status().message(),
                HasSubstr("cannot go with"));
  }
}

}  // namespace
}  // namespace agent
