#ifndef IPVS_AGENT_TESTS_FAKES_FAKE_NODE_H_
#define IPVS_AGENT_TESTS_FAKES_FAKE_NODE_H_

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/host.h"
#include "agent/loop.h"
#include "agent/loop_listener.h"
#include "tests/fakes/fake_address_table.h"
#include "tests/fakes/fake_conntrack.h"
#include "tests/fakes/fake_ipset_table.h"
#include "tests/fakes/fake_iptables.h"
#include "tests/fakes/fake_ipvs_table.h"
#include "tests/fakes/fake_nft_tables.h"
#include "tests/fakes/fake_sysctls.h"
#include "tests/fakes/fault_plan.h"
#include "tests/fakes/faulty_netconf.h"
#include "tests/fakes/faulty_tables.h"
#include "tests/fakes/manual_clock.h"

namespace fakes {

// Keeps what the loop told.
class RecordingListener final : public agent::LoopListener {
 public:
  void changes_taken(std::size_t services, std::size_t slices) override {
    service_changes += services;
    slice_changes += slices;
  }
  void object_rejected(const watchers::EventKey& object, const std::string& reason) override {
    rejected.push_back(watchers::to_string(object.object) + ": " + reason);
  }
  void service_problems(const watchers::ObjectKey& service,
                        const std::vector<std::string>& problems) override {
    service_problem_list.emplace_back(watchers::to_string(service), problems);
  }
  void start_failed(const base::Status& failure, base::Duration) override {
    start_failures.push_back(failure.message());
  }
  void node_not_seen(base::Duration) override { ++starts_without_node; }
  void started(const agent::Host&, base::Duration) override { ++starts; }
  void drifted(const std::vector<agent::Drift>& drift) override {
    drifts.insert(drifts.end(), drift.begin(), drift.end());
  }
  void drains_ended(const std::vector<agent::EndedDrain>& ended) override {
    drains.insert(drains.end(), ended.begin(), ended.end());
  }
  void round_ended(const agent::Round& round) override { rounds.push_back(round); }
  void service_health_changed(const watchers::ObjectKey& service,
                              const agent::ServiceHealth& health) override {
    service_health.push_back(watchers::to_string(service) + " " + std::to_string(health.port) +
                             " " + std::to_string(health.local_endpoints));
  }
  void stepped(const agent::Loop&, base::TimePoint) override {}

  std::vector<std::string> rejected;
  std::vector<std::pair<std::string, std::vector<std::string>>> service_problem_list;
  std::vector<std::string> start_failures;
  std::vector<agent::Drift> drifts;
  std::vector<agent::EndedDrain> drains;
  std::vector<agent::Round> rounds;
  std::vector<std::string> service_health;  // "default/web 30000 2", in order
  std::size_t service_changes = 0;
  std::size_t slice_changes = 0;
  int starts = 0;
  int starts_without_node = 0;
};

// One host in memory: kernel tables that outlive the agents that run on it, one after the other,
// and the faults they meet.
class FakeNode {
 public:
  FakeNode();

  FakeIpvsTable ipvs;
  FakeAddressTable addresses;
  FakeIpsetTable ipsets;
  FakeIptables iptables{&ipsets};
  FakeSysctls sysctls;
  FakeConntrack conntrack;
  FakeNftTables nft;
  FaultPlan ipvs_faults;
  FaultPlan address_faults;
  FaultPlan ipset_faults;
  FaultPlan iptables_faults;
  FaultPlan sysctl_faults;
  FaultPlan conntrack_faults;
  ManualClock clock;

  // Every operation since the last call, table by table, one pasteable line each.
  std::vector<std::string> take_log();
  // All that the kernel holds, as ipvsadm -Sn, ip addr, ipset save and iptables-save tell it.
  std::string state_text();
  // The same without the rules, which are alike on most nodes.
  std::string ipvs_and_sets_text();
  agent::HostTables tables();

 private:
  FaultyIpvsTable faulty_ipvs_{ipvs, ipvs_faults};
  FaultyAddressTable faulty_addresses_{addresses, address_faults};
  FaultyIpsetTable faulty_ipsets_{ipsets, ipset_faults};
  FaultyIptables faulty_iptables_{iptables, iptables_faults};
  FaultySysctls faulty_sysctls_{sysctls, sysctl_faults};
  FaultyConntrack faulty_conntrack_{conntrack, conntrack_faults};
};

// An agent from the mailbox to the tables of a FakeNode, stepped by hand.
class FakeAgent {
 public:
  explicit FakeAgent(FakeNode& node, agent::LoopOptions options = default_loop_options(),
                     agent::HostOptions host_options = default_host_options());

  static agent::LoopOptions default_loop_options();
  static agent::HostOptions default_host_options();

  void put(watchers::Service service);
  void put(watchers::EndpointSlice slice);
  void put(watchers::Node node);
  void remove(watchers::Kind kind, const watchers::ObjectKey& key);
  void reject(watchers::Kind kind, const watchers::ObjectKey& key, std::string reason);
  // Everything of these kinds that the API has was delivered.
  void sync(std::initializer_list<watchers::Kind> kinds = {
                watchers::Kind::kService, watchers::Kind::kEndpointSlice, watchers::Kind::kNode});
  // Steps until nothing is left to do at this moment.
  void run();
  // Lets time pass in steps of `stride`, stepping the loop at each.
  void run_for(base::Duration duration, base::Duration stride = std::chrono::seconds(1));

  FakeNode& node;
  RecordingListener listener;
  watchers::EventMailbox mailbox;
  agent::Host host;
  agent::Loop loop;
  base::Status prepared;
};

// Objects for tests. A port is "name:80/TCP" or "80/UDP"; endpoints listen on the slice's port.
watchers::Service make_service(const std::string& name, const std::string& cluster_ip,
                               std::vector<watchers::ServicePort> ports);
watchers::EndpointSlice make_slice(const std::string& service, const std::string& name,
                                   std::vector<watchers::EndpointPort> ports,
                                   const std::vector<std::string>& addresses);
watchers::Endpoint make_endpoint(const std::string& address, const std::string& node = "");

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_FAKE_NODE_H_
