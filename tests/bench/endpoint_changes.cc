#include <algorithm>
#include <chrono>
#include <cstdio>

#include "agent/configuration.h"
#include "agent/kernel_tables.h"
#include "tests/bench/accepting_tables.h"
#include "tests/bench/bench_agent.h"
#include "tests/bench/isolated.h"
#include "tests/bench/metered_tables.h"
#include "tests/bench/scenarios.h"

namespace bench {

// From the mailbox to the last operation. Callgrind counts what happens in here, so that it must
// stay a function with a name.
[[gnu::noinline]] base::Duration apply_one_change(
    BenchAgent& agent, std::shared_ptr<const watchers::EndpointSlice> slice) {
  agent.deliver(std::move(slice));
  return agent.step();
}

namespace {

double microseconds(base::Duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

// Of one kind of change: how long a step took.
struct Steps {
  std::vector<double> whole;
  std::vector<double> own;  // without what was spent in the kernel tables

  Figures figures() {
    std::sort(whole.begin(), whole.end());
    std::sort(own.begin(), own.end());
    auto at = [](const std::vector<double>& sorted, double part) {
      return sorted[static_cast<std::size_t>(static_cast<double>(sorted.size() - 1) * part)];
    };
    return {at(whole, 0.5), at(whole, 0.99), at(own, 0.5)};
  }
};

// Delivers one slice and demands that the step sends exactly one operation, to IPVS.
void change(BenchAgent& agent, MeteredTables& metered,
            std::shared_ptr<const watchers::EndpointSlice> slice, Steps& steps) {
  metered.reset();
  base::Duration took = apply_one_change(agent, std::move(slice));
  const HostUse& use = metered.use();
  if (use.ipvs.writes != 1 || use.writes() != 1 || use.failures() != 0 ||
      use.reading() != base::Duration::zero()) {
    give_up("one endpoint changed: %zu operations (%zu to IPVS, %zu refused), expected 1",
            use.writes(), use.ipvs.writes, use.failures());
  }
  steps.whole.push_back(microseconds(took));
  steps.own.push_back(microseconds(took - use.writing() - use.reading()));
}

// An endpoint more in a Service (one operation: the real server is added), then one less (one
// operation: its weight becomes 0 and it drains).
Figures changes_on(agent::HostTables tables, ClusterSize size, int changes) {
  Cluster cluster = make_cluster(size);
  MeteredTables metered(tables);
  BenchAgent agent(metered.tables());
  agent.prepare();
  agent.deliver(cluster);
  agent.step();
  Steps more;
  Steps less;
  for (int i = 0; i < changes; ++i) {
    // Spread over the cluster.
    auto service = static_cast<std::size_t>(i * 7919L % size.services);
    const watchers::EndpointSlice& slice = *cluster.slices[service];
    auto grown = with_endpoint(slice, i % 200);
    change(agent, metered, grown, more);
    change(agent, metered, without_endpoint(*grown), less);
  }
  if (agent.listener.surprises > 0) give_up("%zu surprises", agent.listener.surprises);
  Figures figures = more.figures();
  Figures others = less.figures();
  figures.insert(figures.end(), others.begin(), others.end());
  return figures;
}

Figures on_kernel(ClusterSize size, int changes) {
  return in_fresh_namespace([&] {
    auto kernel = agent::KernelTables::open(agent::Configuration(), "kube-ipvs0");
    if (!kernel.ok()) give_up("%s", kernel.status().message().c_str());
    return changes_on(kernel->tables(), size, changes);
  });
}

Figures on_accepting_host(ClusterSize size, int changes) {
  return in_child([&] {
    AcceptingTables host;
    return changes_on(host.tables(), size, changes);
  });
}

void print_figures(const char* host, ClusterSize size, const Figures& figures) {
  std::printf("  %-24s %6d %9.0f %9.0f %9.0f   %9.0f %9.0f %9.0f\n", host, size.services,
              figures[0], figures[1], figures[2], figures[3], figures[4], figures[5]);
}

}  // namespace

void make_changes(ClusterSize size, int changes) {
  AcceptingTables host;
  changes_on(host.tables(), size, changes);
}

void measure_changes(ClusterSize small, ClusterSize large, int changes) {
  std::printf(
      "\nOne endpoint changed, %d times each way; every step sent exactly 1 operation (us)\n",
      changes);
  std::printf("  %-24s %6s %29s   %29s\n", "", "", "endpoint added", "endpoint removed");
  std::printf("  %-24s %6s %9s %9s %9s   %9s %9s %9s\n", "host", "Svcs", "median", "p99", "own",
              "median", "p99", "own");
  Figures small_before = on_kernel(small, changes);
  print_figures("kernel", small, small_before);
  Figures large_kernel = on_kernel(large, changes);
  print_figures("kernel", large, large_kernel);
  Figures small_after = on_kernel(small, changes);
  print_figures("kernel", small, small_after);
  Figures small_own = on_accepting_host(small, changes);
  print_figures("one that accepts all", small, small_own);
  Figures large_own = on_accepting_host(large, changes);
  print_figures("one that accepts all", large, large_own);
  std::printf(
      "  RATIO %d : %d Services, kernel: added %.2f, removed %.2f; "
      "accepting host: added %.2f, removed %.2f (medians)\n",
      large.services, small.services, 2 * large_kernel[0] / (small_before[0] + small_after[0]),
      2 * large_kernel[3] / (small_before[3] + small_after[3]), large_own[0] / small_own[0],
      large_own[3] / small_own[3]);
}

}  // namespace bench
