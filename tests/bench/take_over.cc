#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <utility>

#include "agent/configuration.h"
#include "agent/kernel_tables.h"
#include "netconf/child_process.h"
#include "tests/bench/bench_agent.h"
#include "tests/bench/isolated.h"
#include "tests/bench/scenarios.h"

namespace bench {
namespace {

using std::chrono::steady_clock;

double milliseconds(base::Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// A chain's name: 16 characters behind the prefix, as kube-proxy's hashes have.
std::string chain(const char* prefix, int number) {
  std::string digits = std::to_string(number);
  return prefix + std::string(16 - digits.size(), 'A') + digits;
}

// What kube-proxy's iptables mode has in nat for so many Services, and as many rules of others in
// filter as there are endpoints.
std::string rules_of_iptables_mode(ClusterSize size) {
  std::string chains =
      "*nat\n:KUBE-SERVICES - [0:0]\n:KUBE-NODEPORTS - [0:0]\n:KUBE-MARK-MASQ - [0:0]\n"
      ":KUBE-POSTROUTING - [0:0]\n:KUBE-PROXY-CANARY - [0:0]\n";
  std::string rules =
      "-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n"
      "-A OUTPUT -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n"
      "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000\n";
  std::string others = "*filter\n:OTHERS - [0:0]\n";
  for (int service = 0; service < size.services; ++service) {
    const std::string svc = chain("KUBE-SVC-", service);
    const std::string name = "default/web-" + std::to_string(service);
    const std::string address =
        "10.112." + std::to_string(service / 250) + "." + std::to_string(service % 250 + 1);
    chains += ":" + svc + " - [0:0]\n";
    rules += "-A KUBE-SERVICES -d " + address + "/32 -p tcp -m comment --comment \"" + name +
             " cluster IP\" -m tcp --dport 80 -j " + svc + "\n";
    for (int i = 0; i < size.endpoints; ++i) {
      const std::string sep = chain("KUBE-SEP-", service * size.endpoints + i);
      const std::string endpoint = "10.250." + std::to_string(i) + ".7";
      chains += ":" + sep + " - [0:0]\n";
      rules += "-A " + svc + " -m comment --comment \"" + name + "\" -j " + sep + "\n";
      rules += "-A " + sep + " -s " + endpoint + "/32 -m comment --comment \"" + name +
               "\" -j KUBE-MARK-MASQ\n";
      rules += "-A " + sep + " -p tcp -m comment --comment \"" + name +
               "\" -m tcp -j DNAT --to-destination " + endpoint + ":8080\n";
      others += "-A OTHERS -s 203.0.113.7/32 -p tcp -m tcp --dport " +
                std::to_string(service * size.endpoints + i + 1) + " -j ACCEPT\n";
    }
  }
  return chains + rules + "COMMIT\n" + others + "COMMIT\n";
}

// What somebody who changes one endpoint after the other sees meanwhile.
class Changes {
 public:
  Changes(BenchAgent& agent, const Cluster& cluster) : agent_(agent), cluster_(cluster) {}

  // One change and the step that takes it up, then a pause.
  void step(base::Duration moved) {
    const auto& slice = cluster_.slices[changes_ % cluster_.slices.size()];
    agent_.deliver(with_endpoint(*slice, static_cast<int>(changes_ / cluster_.slices.size())));
    ++changes_;
    const base::Duration took = agent_.step();
    longest_ = std::max(longest_, took);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    agent_.advance(moved);
  }
  double longest() const { return milliseconds(longest_); }
  std::size_t count() const { return changes_; }

 private:
  BenchAgent& agent_;
  const Cluster& cluster_;
  base::Duration longest_{};
  std::size_t changes_ = 0;
};

}  // namespace

void measure_take_over(ClusterSize size) {
  in_fresh_namespace([&]() -> Figures {
    auto restored = netconf::run_process({"iptables-nft-restore"}, rules_of_iptables_mode(size),
                                         std::chrono::minutes(5));
    if (!restored.ok() || restored->exit_status != 0)
      give_up("cannot make rules of kube-proxy's iptables mode");
    auto saved = steady_clock::now();
    (void)netconf::run_process({"iptables-nft-save", "-t", "nat"}, "", std::chrono::minutes(5));
    const base::Duration one_save = steady_clock::now() - saved;
    auto kernel = agent::KernelTables::open(agent::Configuration(), "kube-ipvs0");
    if (!kernel.ok()) give_up("%s", kernel.status().message().c_str());
    Cluster cluster = make_cluster({100, size.endpoints});
    BenchAgent agent(kernel->tables());
    auto began = steady_clock::now();
    agent.prepare();
    const base::Duration prepared = steady_clock::now() - began;
    agent.deliver(cluster);
    const base::Duration started = agent.step();
    Changes changes(agent, cluster);
    while (agent.listener.removed_modes == 0) {
      if (steady_clock::now() - began > std::chrono::minutes(10)) give_up("the old rules stay");
      changes.step(std::chrono::milliseconds(20));
    }
    const base::Duration gone = steady_clock::now() - began;
    Changes upkeep(agent, cluster);
    for (int i = 0; i < 60; ++i) upkeep.step(std::chrono::seconds(1));
    std::printf(
        "\nTaking over from iptables mode, %d Services x %d endpoints, as many rules of others as "
        "endpoints\n"
        "  iptables-save -t nat before %.0f ms; prepare %.0f ms, first round %.0f ms, old rules "
        "gone after %.0f ms\n"
        "  a change waits for the loop at most: until they are gone %.0f ms (%zu changes), in two "
        "periods of the audit %.0f ms\n",
        size.services, size.endpoints, milliseconds(one_save), milliseconds(prepared),
        milliseconds(started), milliseconds(gone), changes.longest(), changes.count(),
        upkeep.longest());
    return {};
  });
}

}  // namespace bench
