// What must hold for every cluster and every change of it, tried with random ones. A failure names
// its seed; the same seed fails again.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/fakes/fake_node.h"
#include "tests/scenarios/random_cluster.h"

namespace {

using agent::SetId;
using fakes::FakeAgent;
using fakes::FakeNode;
using scenarios::Cluster;
using scenarios::RandomCluster;

constexpr std::uint64_t kSeeds = 25;
constexpr int kChanges = 40;

// An agent that has been told the whole of `cluster` at once.
std::unique_ptr<FakeAgent> start(FakeNode& node, const agent::LoopOptions& options,
                                 const Cluster& cluster) {
  node.addresses.set_node_addresses(cluster.host_addresses);
  agent::HostOptions host = FakeAgent::default_host_options();
  host.scheduler = options.policy.scheduler;
  auto agent = std::make_unique<FakeAgent>(node, options, host);
  deliver(*agent, nullptr, cluster);
  agent->sync();
  agent->run();
  return agent;
}

// What a restarted agent writes, but for the trial of the scheduler on a host without any virtual
// server.
std::vector<std::string> written_by_a_restart(FakeNode& node, const agent::LoopOptions& options,
                                              const Cluster& cluster) {
  node.take_log();
  (void)start(node, options, cluster);
  std::vector<std::string> written = node.take_log();
  std::erase_if(written, [](const std::string& line) {
    return line.find(" -t 198.51.100.0:20000") != line.npos;
  });
  return written;
}

// The rules of a state that packets may meet, checked between any two operations.
class Invariants {
 public:
  explicit Invariants(FakeNode& node) : node_(node) {
    for (fakes::FaultPlan* plan : {&node.ipvs_faults, &node.address_faults, &node.ipset_faults}) {
      plan->before_each_operation([this] { check(); });
    }
  }
  ~Invariants() {
    for (fakes::FaultPlan* plan :
         {&node_.ipvs_faults, &node_.address_faults, &node_.ipset_faults}) {
      plan->before_each_operation(nullptr);
    }
  }
  Invariants(const Invariants&) = delete;
  Invariants& operator=(const Invariants&) = delete;

  void check() {
    if (testing::Test::HasFailure()) return;
    ++checks_;
    const ipvs::IpvsState state = *node_.ipvs.read();
    std::set<base::IpAddress> served;
    for (const ipvs::VirtualServerState& server : state.virtual_servers) {
      served.insert(server.server.key.address);
      EXPECT_TRUE(server.real_servers.empty() || listed(server.server.key))
          << to_string(server.server.key) << " forwards without a set entry and its rules";
    }
    const netconf::AddressState held = *node_.addresses.read();
    for (const base::IpAddress& address : held.bound) {
      EXPECT_TRUE(served.contains(address))
          << address.to_string() << " is bound, nothing serves it";
    }
  }
  int checks() const { return checks_; }

 private:
  bool listed(const ipvs::VirtualServerKey& key) {
    if (key.firewall_mark != 0 || key.port == 20000) return true;
    netconf::IpsetEntry port{.ip = {}, .port = key.port, .ip2 = {}};
    netconf::IpsetEntry entry{
        .ip = key.address, .protocol = key.protocol, .port = key.port, .ip2 = {}};
    for (SetId id : {SetId::kClusterIp, SetId::kExternalIp, SetId::kExternalIpLocal,
                     SetId::kLoadBalancer, SetId::kNodePortSctp}) {
      if (holds(id, key.family(), entry)) return true;
    }
    SetId ports = key.protocol == base::Protocol::kTcp ? SetId::kNodePortTcp : SetId::kNodePortUdp;
    return holds(ports, key.family(), port);
  }
  bool holds(SetId id, base::Family family, const netconf::IpsetEntry& entry) {
    const std::string set = agent::set_name(id, family);
    const auto& entries = node_.ipsets.sets().at(set).entries;
    return std::find(entries.begin(), entries.end(), entry) != entries.end() && ruled(set, family);
  }
  // A rule looks into the set, so that what is in it is masqueraded where it must be.
  bool ruled(const std::string& set, base::Family family) {
    std::vector<std::string> nat = {"nat"};
    const netconf::IptablesState state = *node_.iptables.read(family, nat);
    for (const netconf::IptablesChain& chain : state) {
      for (const std::string& rule : chain.rules) {
        if (rule.find("--match-set " + set + " ") != rule.npos) return true;
      }
    }
    return false;
  }

  FakeNode& node_;
  int checks_ = 0;
};

class Law : public testing::TestWithParam<std::uint64_t> {
 protected:
  Law() : random_(GetParam()), options_(random_.options()) {}

  RandomCluster random_;
  agent::LoopOptions options_;
  FakeNode node_;
};

TEST_P(Law, IncrementalPlanningEqualsPlanningFromNothing) {
  Cluster cluster;
  std::unique_ptr<FakeAgent> agent = start(node_, options_, cluster);
  for (int i = 0; i < kChanges && !HasFailure(); ++i) {
    SCOPED_TRACE("change " + std::to_string(i));
    Cluster before = cluster;
    random_.change(cluster);
    deliver(*agent, &before, cluster);
    agent->run();
    agent->run_for(std::chrono::seconds(5));  // drains without connections end

    FakeNode fresh;
    (void)start(fresh, options_, cluster);
    EXPECT_EQ(node_.state_text(), fresh.state_text());
  }
}

TEST_P(Law, ARestartPlansNothing) {
  Cluster cluster;
  std::unique_ptr<FakeAgent> agent = start(node_, options_, cluster);
  for (int i = 0; i < kChanges && !HasFailure(); ++i) {
    SCOPED_TRACE("change " + std::to_string(i));
    Cluster before = cluster;
    random_.change(cluster);
    if (i % 2 == 0 && before.host_addresses == cluster.host_addresses) {
      // The change came while no agent ran. A NodePort's virtual server on an address that the node
      // lost meanwhile could be anyone's: it stays until the address is back.
      agent = start(node_, options_, cluster);
    } else {
      deliver(*agent, &before, cluster);
      agent->run();
    }
    agent->run_for(std::chrono::seconds(5));
    EXPECT_THAT(written_by_a_restart(node_, options_, cluster), testing::IsEmpty());
  }
}

TEST_P(Law, NoAddressIsBoundWithoutItsServiceAndNothingForwardsWithoutItsRules) {
  Cluster cluster;
  std::unique_ptr<FakeAgent> agent = start(node_, options_, cluster);
  Invariants invariants(node_);
  for (int i = 0; i < kChanges && !HasFailure(); ++i) {
    SCOPED_TRACE("change " + std::to_string(i));
    Cluster before = cluster;
    random_.change(cluster);
    if (i % 8 >= 5 && before.host_addresses == cluster.host_addresses) {
      agent = start(node_, options_, cluster);  // what it missed comes all at once
    } else {
      deliver(*agent, &before, cluster);
      agent->run();
    }
    agent->run_for(std::chrono::seconds(5));
    invariants.check();
  }
  EXPECT_GT(invariants.checks(), kChanges);
}

TEST_P(Law, AfterInjectedFailuresTheHostConverges) {
  Cluster cluster;
  std::unique_ptr<FakeAgent> agent = start(node_, options_, cluster);
  const auto plans = {&node_.ipvs_faults, &node_.address_faults, &node_.ipset_faults,
                      &node_.iptables_faults};
  for (fakes::FaultPlan* plan : plans) {
    plan->fail_randomly(GetParam(), 0.1,
                        {{ENOMEM}, {ENOBUFS, true}, {EAGAIN}, {EEXIST}, {ENOENT}, {EINTR, true}});
  }
  for (int i = 0; i < kChanges; ++i) {
    Cluster before = cluster;
    random_.change(cluster);
    deliver(*agent, &before, cluster);
    agent->run();
    agent->run_for(std::chrono::seconds(2));
  }
  std::uint64_t faults = 0;
  for (fakes::FaultPlan* plan : plans) {
    faults += plan->fault_count();
    plan->stop();
  }
  EXPECT_GT(faults, 0u);
  agent->run_for(std::chrono::minutes(10), std::chrono::seconds(5));
  FakeNode fresh;
  (void)start(fresh, options_, cluster);
  EXPECT_EQ(node_.state_text(), fresh.state_text());
}

// Others change a few things that are ours, each in its own way.
void meddle(FakeNode& node, std::mt19937_64& random) {
  auto below = [&](std::size_t limit) { return random() % limit; };
  const ipvs::IpvsState state = *node.ipvs.read();
  for (const ipvs::VirtualServerState& server : state.virtual_servers) {
    if (below(3) != 0) continue;
    std::vector<ipvs::IpvsOp> ops;
    ipvs::VirtualServer edited = server.server;
    switch (below(4)) {
      case 0: ops.emplace_back(ipvs::DeleteVirtualServer{server.server.key}); break;
      case 1:
        edited.scheduler = "wrr";
        edited.timeout_s = 77;
        edited.flags |= ipvs::kFlagPersistent;
        ops.emplace_back(ipvs::EditVirtualServer{edited});
        break;
      default:
        for (const ipvs::RealServerState& real : server.real_servers) {
          ipvs::RealServer weighted = real.server;
          weighted.weight = 5;
          if (below(2) == 0) {
            ops.emplace_back(ipvs::DeleteRealServer{server.server.key, real.server.key});
          } else {
            ops.emplace_back(ipvs::EditRealServer{server.server.key, weighted});
          }
        }
        break;
    }
    (void)node.ipvs.apply(ops);
  }
  const netconf::AddressState held = *node.addresses.read();
  for (const base::IpAddress& address : held.bound) {
    std::vector<netconf::AddressOp> ops = {netconf::UnbindAddress{address}};
    if (below(3) == 0) (void)node.addresses.apply(ops);
  }
  std::vector<netconf::AddressOp> stranger = {
      netconf::BindAddress{*base::IpAddress::parse("10.99.9.9")}};
  if (below(2) == 0) (void)node.addresses.apply(stranger);
  for (auto& [name, set] : node.ipsets.sets()) {
    if (below(4) == 0) set.entries.clear();
  }
  for (base::Family family : {base::Family::kIpv4, base::Family::kIpv6}) {
    for (const char* table : {"nat", "filter"}) {
      for (auto& [name, rules] : node.iptables.chains(family, table)) {
        if (below(4) == 0 && !rules.empty()) rules.erase(rules.begin());
      }
    }
  }
}

TEST_P(Law, WhatOthersChangeIsRestored) {
  std::mt19937_64 random(GetParam());
  Cluster cluster;
  std::unique_ptr<FakeAgent> agent = start(node_, options_, cluster);
  for (int i = 0; i < kChanges / 4 && !HasFailure(); ++i) {
    SCOPED_TRACE("change " + std::to_string(i));
    Cluster before = cluster;
    for (int n = 0; n < 4; ++n) random_.change(cluster);
    deliver(*agent, &before, cluster);
    agent->run();
    agent->run_for(std::chrono::seconds(5));
    const std::string state = node_.state_text();
    meddle(node_, random);
    agent->run_for(std::chrono::seconds(90));
    EXPECT_EQ(node_.state_text(), state);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Law, testing::Range<std::uint64_t>(1, kSeeds + 1));

}  // namespace
