#include <chrono>
#include <cstdio>

#include "agent/configuration.h"
#include "agent/kernel_tables.h"
#include "tests/bench/accepting_tables.h"
#include "tests/bench/bare_loop.h"
#include "tests/bench/bench_agent.h"
#include "tests/bench/isolated.h"
#include "tests/bench/scenarios.h"

namespace bench {
namespace {

double milliseconds(base::Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

agent::KernelTables open_tables() {
  auto tables = agent::KernelTables::open(agent::Configuration(), "kube-ipvs0");
  if (!tables.ok()) give_up("%s", tables.status().message().c_str());
  return *std::move(tables);
}

// In the order of the printed columns.
Figures figures_of(base::Duration whole, const HostUse& use) {
  return {milliseconds(whole),
          milliseconds(use.ipvs.writing),
          milliseconds(use.addresses.writing),
          milliseconds(use.ipsets.writing),
          milliseconds(use.iptables.writing),
          milliseconds(use.reading()),
          static_cast<double>(use.writes())};
}

// What the agent sends for such a cluster, taken down on a host that accepts everything.
std::vector<WriteCall> writes_of(const Cluster& cluster) {
  std::vector<WriteCall> calls;
  AcceptingTables host;
  MeteredTables metered(host.tables());
  BenchAgent agent(metered.tables());
  agent.prepare();
  metered.record(&calls);
  agent.deliver(cluster);
  agent.step();
  return calls;
}

Figures bare_start(ClusterSize size) {
  agent::KernelTables kernel = open_tables();
  BenchAgent(kernel.tables()).prepare();  // the device and the sets
  auto loop = BareLoop::prepare(writes_of(make_cluster(size)), kernel.tables());
  if (!loop.ok()) give_up("%s", loop.status().message().c_str());
  auto began = std::chrono::steady_clock::now();
  base::Status status = loop->run();
  auto took = std::chrono::steady_clock::now() - began;
  if (!status.ok()) give_up("the bare loop: %s", status.message().c_str());
  return figures_of(took, loop->use());
}

Figures agent_start(ClusterSize size) {
  Cluster cluster = make_cluster(size);
  agent::KernelTables kernel = open_tables();
  MeteredTables metered(kernel.tables());
  BenchAgent agent(metered.tables());
  auto began = std::chrono::steady_clock::now();
  agent.prepare();
  auto prepared = std::chrono::steady_clock::now() - began;
  agent.deliver(cluster);
  metered.reset();
  base::Duration took = agent.step();
  const agent::BelievedHost& believed = agent.host().believed();
  auto services = static_cast<std::size_t>(size.services);
  if (!agent.loop().started() || agent.listener.surprises > 0 || metered.use().failures() > 0) {
    give_up("the start met %zu surprises, %zu refused operations: %s", agent.listener.surprises,
            metered.use().failures(), agent.listener.start_failure.message().c_str());
  }
  if (metered.use().ipvs.writes != services * (1 + static_cast<std::size_t>(size.endpoints)) ||
      metered.use().addresses.writes != services || believed.virtual_servers().size() != services) {
    give_up("the start sent %zu operations to IPVS and %zu addresses", metered.use().ipvs.writes,
            metered.use().addresses.writes);
  }
  Figures figures = figures_of(took, metered.use());
  figures.push_back(milliseconds(prepared));
  return figures;
}

// The same start on a host that accepts everything: what of the time is the agent's own.
Figures own_work(ClusterSize size) {
  Cluster cluster = make_cluster(size);
  AcceptingTables host;
  BenchAgent agent(host.tables());
  agent.prepare();
  agent.deliver(cluster);
  return {milliseconds(agent.step())};
}

void print(const char* name, const Figures& figures) {
  std::printf("  %-26s %9.1f %9.1f %9.1f %9.1f %9.1f %9.1f %9.0f\n", name, figures[0], figures[1],
              figures[2], figures[3], figures[4], figures[5], figures[6]);
}

}  // namespace

void measure_cold_start(ClusterSize size) {
  // The first use of the tools and modules is slow, whoever makes it.
  (void)in_fresh_namespace([] { return bare_start({10, 1}); });
  std::printf("\nCold start, %d Services x %d endpoints, from an empty kernel (ms)\n",
              size.services, size.endpoints);
  std::printf("  %-26s %9s %9s %9s %9s %9s %9s %9s\n", "", "whole", "ipvs", "addresses", "sets",
              "rules", "reads", "operations");
  Figures before = in_fresh_namespace([&] { return bare_start(size); });
  print("bare loop, before", before);
  Figures agent = in_fresh_namespace([&] { return agent_start(size); });
  print("agent", agent);
  Figures after = in_fresh_namespace([&] { return bare_start(size); });
  print("bare loop, after", after);
  double own = in_child([&] { return own_work(size); })[0];
  double kernel = agent[1] + agent[2] + agent[3] + agent[4] + agent[5];
  std::printf("  the agent outside its tables: %.1f ms (%.1f ms on a host that accepts all)\n",
              agent[0] - kernel, own);
  std::printf("  preparing the host (before objects come): %.1f ms\n", agent[7]);
  if (agent[6] != before[6]) {
    give_up("the agent sent %.0f operations, the bare loop %.0f", agent[6], before[6]);
  }
  auto bare = [&](auto part) { return (part(before) + part(after)) / 2; };
  auto ratio = [&](auto part) { return part(agent) / bare(part); };
  std::printf(
      "  RATIO cold start %d: agent / bare loop = %.2f (%.2f to %.2f); without the rules, which "
      "are "
      "programs: %.2f; without addresses too: %.2f\n",
      size.services, ratio([](const Figures& f) { return f[0]; }),
      agent[0] / std::max(before[0], after[0]), agent[0] / std::min(before[0], after[0]),
      ratio([](const Figures& f) { return f[0] - f[4]; }),
      ratio([](const Figures& f) { return f[0] - f[4] - f[2]; }));
}

}  // namespace bench
