// A kernel table that fails for ever: the others go on, and health tells which failures are the
// node's and which are one Service's.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <ostream>

#include "agent/health.h"
#include "agent/reporter.h"
#include "ipvs/text.h"
#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

using fakes::FakeNode;
using fakes::FaultPlan;
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr base::Protocol kTcp = base::Protocol::kTcp;
constexpr int kForEver = 1 << 30;

class NoLog final : public Log {
 public:
  bool writes(LogLevel) const override { return false; }
  void write(LogLevel, std::string_view, std::span<const LogField>) override {}
};

// An agent whose loop reports for real; it runs on tables of the test's choice.
class BrokenTables : public testing::Test {
 protected:
  void begin(HostTables tables) {
    HostOptions options = fakes::FakeAgent::default_host_options();
    options.sysctls = {{"net/ipv4/vs/conntrack", "1"}, {"net/ipv4/vs/expire_nodest_conn", "1"}};
    host_ = std::make_unique<Host>(tables, options);
    ASSERT_TRUE(host_->prepare(node_.clock.now()).ok());
    Reporter::Options reporting;
    reporting.families = {base::Family::kIpv4, base::Family::kIpv6};
    reporting.sources = [] { return std::vector<SourceStatus>(); };
    reporter_ = std::make_unique<Reporter>(log_, metrics_, health_, node_.clock, reporting);
    loop_ = std::make_unique<Loop>(*host_, mailbox_, node_.clock, *reporter_,
                                   fakes::FakeAgent::default_loop_options());
    serve("first", "10.96.0.1");
    for (watchers::Kind kind : {watchers::Kind::kService, watchers::Kind::kEndpointSlice}) {
      watchers::deliver(mailbox_, {kind, {}},
                        {.news = watchers::Synced(), .received = node_.clock.now()});
    }
    step();
  }
  void serve(const char* name, const char* address) {
    auto service = std::make_shared<const watchers::Service>(
        fakes::make_service(name, address, {{"", kTcp, 80, 0}}));
    auto slice = std::make_shared<const watchers::EndpointSlice>(
        fakes::make_slice(name, name, {{"", kTcp, 8080}}, {"10.244.0.1"}));
    base::TimePoint now = node_.clock.now();
    watchers::deliver(mailbox_, {watchers::Kind::kService, service->key},
                      {.news = service, .received = now});
    watchers::deliver(mailbox_, {watchers::Kind::kEndpointSlice, slice->key},
                      {.news = slice, .received = now});
  }
  void step() {
    while (loop_->step(node_.clock.now()) <= node_.clock.now()) {
    }
  }
  void pass(int count) {
    for (int i = 0; i < count; ++i) {
      node_.clock.advance(seconds(1));
      step();
    }
  }
  bool healthy() { return is_healthy(*health_.get(), node_.clock.now()); }
  std::string body() {
    return livez(*health_.get(), {node_.clock.now(), node_.clock.wall_now()}).body;
  }

  FakeNode node_;
  NoLog log_;
  Metrics metrics_{node_.clock};
  Published<HealthState> health_{HealthState()};
  watchers::EventMailbox mailbox_;
  std::unique_ptr<Host> host_;
  std::unique_ptr<Reporter> reporter_;
  std::unique_ptr<Loop> loop_;
};

// What a node with two Services holds, by its tables; "" where the table is the broken one.
struct Expected {
  const char* name;
  FaultPlan FakeNode::*plan;
  bool reads;        // else writes
  bool node_is_ill;  // in health's eyes
  const char* fault;
};

void PrintTo(const Expected& expected, std::ostream* stream) { *stream << expected.name; }

class EachTable : public BrokenTables, public testing::WithParamInterface<Expected> {
 protected:
  void break_it() {
    FaultPlan& plan = node_.*GetParam().plan;
    if (GetParam().reads) {
      plan.fail_reads(kForEver, base::Status::from_errno(EIO, "injected"));
    } else {
      plan.fail_all_operations({.error_number = ENOMEM});
    }
  }
  bool broken(FaultPlan FakeNode::*plan) { return GetParam().plan == plan && !GetParam().reads; }
  // Every table but the broken one has the Service.
  void expect_service(const std::string& address) {
    if (!broken(&FakeNode::ipvs_faults)) {
      EXPECT_THAT(ipvs::to_text(*node_.ipvs.read()), HasSubstr("-r 10.244.0.1:8080"));
      EXPECT_THAT(ipvs::to_text(*node_.ipvs.read()), HasSubstr("-A -t " + address + ":80"));
      // An address is held once something answers there.
      if (!broken(&FakeNode::address_faults)) {
        EXPECT_THAT(node_.addresses.read()->bound, Contains(*base::IpAddress::parse(address)));
      }
    }
    if (!broken(&FakeNode::ipset_faults)) {
      EXPECT_THAT(node_.ipvs_and_sets_text(), HasSubstr("add KUBE-CLUSTER-IP " + address));
      if (!broken(&FakeNode::iptables_faults)) {
        EXPECT_THAT(node_.iptables.chains(base::Family::kIpv4, "nat")["KUBE-SERVICES"],
                    Contains(HasSubstr("--match-set KUBE-CLUSTER-IP")));
      }
    }
  }
};

TEST_P(EachTable, ThatBreaksHoldsNoOtherUpAndIsToldAfterThePeriod) {
  begin(node_.tables());
  pass(40);
  ASSERT_TRUE(healthy());
  break_it();
  // Whoever fails here would not be noticed otherwise: rules are only written when they change.
  if (broken(&FakeNode::iptables_faults)) {
    node_.iptables.chains(base::Family::kIpv4, "nat")["KUBE-SERVICES"].clear();
    pass(31);
  }
  serve("second", "10.96.0.2");
  step();
  if (!broken(&FakeNode::iptables_faults)) expect_service("10.96.0.2");
  EXPECT_TRUE(healthy());
  pass(100);
  EXPECT_EQ(healthy(), !GetParam().node_is_ill) << body();
  if (GetParam().node_is_ill) {
    EXPECT_THAT(body(), HasSubstr(GetParam().fault));
  }
  serve("third", "10.96.0.3");
  step();
  if (!broken(&FakeNode::iptables_faults)) expect_service("10.96.0.3");

  (node_.*GetParam().plan).stop();
  pass(100);
  EXPECT_TRUE(healthy()) << body();
  EXPECT_EQ(host_->retries().size(), 0u);
  for (const char* address : {"10.96.0.1", "10.96.0.2", "10.96.0.3"}) {
    EXPECT_THAT(ipvs::to_text(*node_.ipvs.read()), HasSubstr(address));
    EXPECT_THAT(node_.addresses.read()->bound, Contains(*base::IpAddress::parse(address)));
    EXPECT_THAT(node_.ipvs_and_sets_text(), HasSubstr(std::string("add KUBE-IPVS-IPS ") + address));
  }
  EXPECT_THAT(node_.iptables.chains(base::Family::kIpv4, "nat")["KUBE-SERVICES"],
              Contains(HasSubstr("--match-set KUBE-CLUSTER-IP")));
}

// Broken from the start; without IPVS there is none, and the program says why it ends.
TEST_P(EachTable, ThatIsBrokenAtTheStartHoldsNoOtherUp) {
  break_it();
  if (GetParam().plan == &FakeNode::ipvs_faults) {
    Host host(node_.tables(), fakes::FakeAgent::default_host_options());
    EXPECT_THAT(host.prepare(node_.clock.now()).message(), HasSubstr("injected"));
    return;
  }
  begin(node_.tables());
  EXPECT_TRUE(loop_->started());
  if (!GetParam().reads) expect_service("10.96.0.1");
  EXPECT_THAT(ipvs::to_text(*node_.ipvs.read()), HasSubstr("-A -t 10.96.0.1:80"));
  pass(100);
  EXPECT_EQ(healthy(), !GetParam().node_is_ill) << body();

  (node_.*GetParam().plan).stop();
  pass(100);
  EXPECT_TRUE(healthy()) << body();
  EXPECT_THAT(host_->problems(), IsEmpty());
  EXPECT_THAT(node_.addresses.read()->bound, Contains(*base::IpAddress::parse("10.96.0.1")));
  EXPECT_THAT(node_.ipvs_and_sets_text(), HasSubstr("add KUBE-CLUSTER-IP 10.96.0.1"));
  EXPECT_THAT(node_.iptables.chains(base::Family::kIpv4, "nat")["KUBE-SERVICES"],
              Contains(HasSubstr("--match-set KUBE-CLUSTER-IP")));
}

INSTANTIATE_TEST_SUITE_P(
    Tables, EachTable,
    testing::Values(
        Expected{"IpvsWrites", &FakeNode::ipvs_faults, false, true, "writing the ipvs table: "},
        Expected{"IpvsReads", &FakeNode::ipvs_faults, true, true, "reading the ipvs table: "},
        Expected{"AddressWrites", &FakeNode::address_faults, false, true,
                 "writing the address table: "},
        Expected{"AddressReads", &FakeNode::address_faults, true, true,
                 "reading the address table: "},
        Expected{"IpsetWrites", &FakeNode::ipset_faults, false, true, "writing the ipset table: "},
        Expected{"IpsetReads", &FakeNode::ipset_faults, true, true, "reading the ipset table: "},
        Expected{"IptablesWrites", &FakeNode::iptables_faults, false, true, "iptables rules: "},
        Expected{"IptablesReads", &FakeNode::iptables_faults, true, true,
                 "reading IPv4 iptables rules: "},
        Expected{"ConntrackReads", &FakeNode::conntrack_faults, true, false, ""},
        Expected{"SysctlWrites", &FakeNode::sysctl_faults, false, true,
                 "setting net/ipv4/vs/conntrack: "}),
    [](const auto& row) { return row.param.name; });

// An ipset table that fails for what names one address.
class FailsFor final : public netconf::IpsetTable {
 public:
  FailsFor(netconf::IpsetTable& table, std::string part) : table_(table), part_(std::move(part)) {}

  base::Result<std::vector<netconf::Ipset>> read(std::span<const std::string> names) override {
    return table_.read(names);
  }
  std::vector<base::Status> apply(std::span<const netconf::IpsetOp> ops) override {
    std::vector<base::Status> statuses;
    for (const netconf::IpsetOp& op : ops) {
      bool fails = netconf::to_text(op).find(part_) != std::string::npos;
      statuses.push_back(fails ? base::Status::from_errno(ENOMEM, "injected")
                               : table_.apply(std::span(&op, 1)).front());
    }
    return statuses;
  }

 private:
  netconf::IpsetTable& table_;
  std::string part_;
};

TEST_F(BrokenTables, AnEntryOfOneServiceThatFailsIsNotTheNodesFault) {
  FailsFor ipsets(node_.ipsets, "10.96.0.2");
  HostTables all = node_.tables();
  begin({all.ipvs, all.addresses, ipsets, all.iptables, all.sysctls, all.conntrack, all.nft});
  serve("second", "10.96.0.2");
  step();
  EXPECT_THAT(node_.ipvs_and_sets_text(), Not(HasSubstr("KUBE-CLUSTER-IP 10.96.0.2")));
  for (int i = 0; i < 400; ++i) {
    pass(1);
    ASSERT_TRUE(healthy()) << body();
  }
  EXPECT_GT(host_->retries().size(), 0u);
  serve("third", "10.96.0.3");
  step();
  EXPECT_THAT(node_.ipvs_and_sets_text(), HasSubstr("add KUBE-CLUSTER-IP 10.96.0.3"));
  EXPECT_THAT(node_.addresses.read()->bound, Contains(*base::IpAddress::parse("10.96.0.2")));
}

}  // namespace
}  // namespace agent
