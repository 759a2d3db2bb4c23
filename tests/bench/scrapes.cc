#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>
#include <vector>

#include "agent/configuration.h"
#include "agent/kernel_tables.h"
#include "agent/service_traffic.h"
#include "ipvs/kernel_ipvs_table.h"
#include "tests/bench/bench_agent.h"
#include "tests/bench/isolated.h"
#include "tests/bench/scenarios.h"

namespace bench {
namespace {

using agent::ServiceMetrics;
using agent::ServiceMetricsMode;

double milliseconds(base::Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

base::Duration since(std::chrono::steady_clock::time_point began) {
  return std::chrono::steady_clock::now() - began;
}

std::size_t lines_of(const std::string& page) {
  return static_cast<std::size_t>(std::count(page.begin(), page.end(), '\n'));
}

// What one page costs that is made anew, and one that is not.
void measure_pages(const char* name, const ServiceMetrics& options, const BenchAgent& agent,
                   std::size_t least_lines) {
  auto table = ipvs::open_kernel_ipvs_table();
  if (!table.ok()) give_up("%s", table.status().message().c_str());
  fakes::ManualClock clock;
  agent::ServiceTraffic traffic(*std::move(table), clock, options);
  const agent::DesiredHost& desired = agent.host().desired();
  const agent::Touched everything = desired.everything();
  std::size_t before = mallinfo2().uordblks;
  auto began = std::chrono::steady_clock::now();
  traffic.planned(desired, everything);
  base::Duration noting = since(began);
  std::size_t kept = mallinfo2().uordblks - before;
  base::Duration shortest = base::Duration::max();
  std::string page;
  for (int i = 0; i < 3; ++i) {
    clock.advance(std::chrono::minutes(10));
    began = std::chrono::steady_clock::now();
    page = traffic.page();
    shortest = std::min(shortest, since(began));
  }
  began = std::chrono::steady_clock::now();
  (void)traffic.page();
  base::Duration again = since(began);
  if (lines_of(page) < least_lines || page.find("read_failures_total 0\n") == std::string::npos) {
    give_up("a page of %zu lines, expected %zu at least", lines_of(page), least_lines);
  }
  std::printf(
      "  %-20s %7zu lines, %6.1f MB, made in %7.1f ms, again %6.2f ms; noting all %.1f ms, %.2f MB "
      "kept\n",
      name, lines_of(page), static_cast<double>(page.size()) / 1e6, milliseconds(shortest),
      milliseconds(again), milliseconds(noting), static_cast<double>(kept) / 1e6);
}

// How long a change takes while pages are made without a pause, and without any.
void measure_changes_beside(const char* name, bool scraped, BenchAgent& agent,
                            const Cluster& cluster) {
  std::atomic<bool> done = false;
  std::atomic<int> pages = 0;
  std::optional<std::jthread> scraper;
  auto table = ipvs::open_kernel_ipvs_table();
  if (!table.ok()) give_up("%s", table.status().message().c_str());
  fakes::ManualClock clock;
  agent::ServiceTraffic traffic(*std::move(table), clock, {});
  traffic.planned(agent.host().desired(), agent.host().desired().everything());
  if (scraped) {
    scraper.emplace([&] {
      while (!done) {
        (void)traffic.page();
        ++pages;
        clock.advance(std::chrono::minutes(10));
      }
    });
    while (pages == 0) std::this_thread::yield();
  }
  std::vector<double> took;
  for (std::size_t i = 0; i < std::min<std::size_t>(200, cluster.slices.size()); ++i) {
    agent.deliver(with_endpoint(*cluster.slices[i], 1));
    took.push_back(milliseconds(agent.step()));
  }
  done = true;
  scraper.reset();
  for (std::size_t i = 0; i < took.size(); ++i) agent.deliver(cluster.slices[i]);
  agent.step();
  std::sort(took.begin(), took.end());
  std::printf("  change, %-22s ms: median %.2f, 99 of 100 %.2f, longest %.2f (%d pages)\n", name,
              took[took.size() / 2], took[took.size() * 99 / 100], took.back(), pages.load());
}

}  // namespace

void measure_scrapes(ClusterSize size) {
  in_fresh_namespace([&]() -> Figures {
    auto kernel = agent::KernelTables::open(agent::Configuration(), "kube-ipvs0");
    if (!kernel.ok()) give_up("%s", kernel.status().message().c_str());
    Cluster cluster = make_cluster(size);
    BenchAgent agent(kernel->tables());
    agent.prepare();
    agent.deliver(cluster);
    agent.step();
    if (!agent.loop().started()) give_up("the agent did not start");
    std::printf("\nPages of metrics of Services, %d Services x %d endpoints in place\n",
                size.services, size.endpoints);
    auto services = static_cast<std::size_t>(size.services);
    measure_pages("top 100", {}, agent, std::min<std::size_t>(services, 100) * 8);
    measure_pages("top 100, endpoints", {.select = {}, .endpoints = true}, agent,
                  std::min<std::size_t>(services, 100) * 90);
    measure_pages("all", {.mode = ServiceMetricsMode::kAll, .select = {}}, agent, services * 8);
    measure_pages("all, endpoints",
                  {.mode = ServiceMetricsMode::kAll, .select = {}, .endpoints = true}, agent,
                  services * 90);
    measure_changes_beside("not scraped", false, agent, cluster);
    measure_changes_beside("scraped without pause", true, agent, cluster);
    if (agent.listener.surprises > 0) give_up("scrapes surprised the agent");
    return {};
  });
}

}  // namespace bench
