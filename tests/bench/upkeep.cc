#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>

#include "agent/configuration.h"
#include "agent/kernel_tables.h"
#include "agent/status_answer.h"
#include "tests/bench/bench_agent.h"
#include "tests/bench/isolated.h"
#include "tests/bench/metered_tables.h"
#include "tests/bench/scenarios.h"

namespace bench {
namespace {

double milliseconds(base::Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

void start(BenchAgent& agent, const Cluster& cluster) {
  agent.prepare();
  agent.deliver(cluster);
  agent.step();
  if (!agent.loop().started() || agent.listener.surprises > 0) {
    give_up("the agent did not start: %s", agent.listener.start_failure.message().c_str());
  }
}

// An agent that finds everything in place: no write at all.
void restart(BenchAgent& agent, MeteredTables& metered, const Cluster& cluster) {
  metered.reset();
  auto began = std::chrono::steady_clock::now();
  agent.prepare();
  auto prepared = std::chrono::steady_clock::now() - began;
  HostUse preparing = metered.use();
  agent.deliver(cluster);
  metered.reset();
  base::Duration took = agent.step();
  const HostUse& use = metered.use();
  std::size_t writes = preparing.writes() + use.writes();
  if (!agent.loop().started() || agent.listener.surprises > 0 || writes > 0) {
    give_up("a restart wrote %zu times (%zu sysctls), with %zu surprises; expected none", writes,
            preparing.sysctls.writes, agent.listener.surprises);
  }
  std::printf(
      "  0 writing operations; prepare %.1f ms, step %.1f ms of which reading: ipvs %.1f, "
      "addresses %.1f, sets %.1f, rules %.1f; planning and comparing %.1f ms\n",
      milliseconds(prepared), milliseconds(took), milliseconds(use.ipvs.reading),
      milliseconds(use.addresses.reading), milliseconds(use.ipsets.reading),
      milliseconds(use.iptables.reading), milliseconds(took - use.reading()));
}

const char* slowest_table(const HostUse& use) {
  struct Named {
    const char* name;
    const TableUse& use;
  };
  const Named tables[] = {{"ipvs", use.ipvs},
                          {"addresses", use.addresses},
                          {"sets", use.ipsets},
                          {"rules", use.iptables},
                          {"sysctls", use.sysctls}};
  auto slowest =
      std::max_element(std::begin(tables), std::end(tables), [](const Named& a, const Named& b) {
        return a.use.reading + a.use.writing < b.use.reading + b.use.writing;
      });
  return slowest->name;
}

// A whole period of the audit, slice by slice.
void audit(BenchAgent& agent, MeteredTables& metered) {
  struct Slice {
    double took;
    double own;
    const char* table;
  };
  std::vector<Slice> slices;
  agent.advance(std::chrono::seconds(30));
  for (int i = 0; i < 30; ++i) {
    metered.reset();
    base::Duration took = agent.step();
    const HostUse& use = metered.use();
    if (use.writes() > 0) give_up("the audit of a host in order wrote %zu times", use.writes());
    slices.push_back({milliseconds(took), milliseconds(took - use.reading() - use.writing()),
                      slowest_table(use)});
    agent.advance(std::chrono::seconds(1));
  }
  if (agent.listener.surprises > 0) give_up("the audit found what nobody changed");
  double first_own = slices.front().own;
  std::sort(slices.begin(), slices.end(),
            [](const Slice& a, const Slice& b) { return a.took > b.took; });
  std::printf(
      "  audit, 30 slices in 30 s (a slice delays a change by at most its length), ms: "
      "median %.1f, longest %.1f (%s), %.1f (%s), %.1f (%s); first slice's own part %.1f\n",
      slices[15].took, slices[0].took, slices[0].table, slices[1].took, slices[1].table,
      slices[2].took, slices[2].table, first_own);
}

// Takes an endpoint away from `count` Services and polls their drains once; nobody is connected, so
// that all end.
void drain(BenchAgent& agent, MeteredTables& metered, const Cluster& cluster, std::size_t count) {
  // Between two slices of the audit, so that the poll, a second later, is between two as well.
  agent.step();
  agent.advance(std::chrono::milliseconds(500));
  for (std::size_t i = 0; i < count; ++i) {
    agent.deliver(without_endpoint(*cluster.slices[i]));
  }
  agent.step();
  agent.advance(std::chrono::milliseconds(600));
  agent.step();
  agent.advance(std::chrono::milliseconds(400));
  metered.reset();
  std::size_t ended = agent.listener.drains_ended_count;
  base::Duration took = agent.step();
  ended = agent.listener.drains_ended_count - ended;
  const HostUse& use = metered.use();
  if (ended != count || use.ipvs.writes != count) {
    give_up("%zu drains: %zu ended, %zu operations", count, ended, use.ipvs.writes);
  }
  std::printf("  poll of %zu drains: %.1f ms (reading %.1f, deleting %.1f)\n", count,
              milliseconds(took), milliseconds(use.reading()), milliseconds(use.ipvs.writing));
  // Back as it was.
  for (std::size_t i = 0; i < count; ++i) agent.deliver(cluster.slices[i]);
  agent.step();
  agent.advance(std::chrono::seconds(5));
}

// What `ipvs-agent status` of everything takes the loop, page by page.
void status(const BenchAgent& agent) {
  agent::StatusQuestion question;
  base::Duration longest{};
  base::Duration sum{};
  std::size_t pages = 0;
  std::size_t services = 0;
  for (bool more = true; more; ++pages) {
    auto began = std::chrono::steady_clock::now();
    auto page = agent::status_page(agent.loop(), question, {});
    base::Duration took = std::chrono::steady_clock::now() - began;
    if (!page.ok()) give_up("status: %s", page.status().message().c_str());
    longest = std::max(longest, took);
    sum += took;
    services += page->services.size();
    more = page->next.has_value();
    if (more) question.after = *page->next;
  }
  std::printf(
      "  status of %zu Services: %zu pages, the loop %.1f ms in all, longest page %.1f ms\n",
      services, pages, milliseconds(sum), milliseconds(longest));
}

}  // namespace

void measure_restart_and_upkeep(ClusterSize size) {
  in_fresh_namespace([&]() -> Figures {
    auto kernel = agent::KernelTables::open(agent::Configuration(), "kube-ipvs0");
    if (!kernel.ok()) give_up("%s", kernel.status().message().c_str());
    Cluster cluster = make_cluster(size);
    std::optional<BenchAgent> first(kernel->tables());
    start(*first, cluster);
    first.reset();
    std::printf("\nRestart and upkeep, %d Services x %d endpoints in place\n", size.services,
                size.endpoints);
    MeteredTables metered(kernel->tables());
    BenchAgent agent(metered.tables());
    restart(agent, metered, cluster);
    audit(agent, metered);
    status(agent);
    for (std::size_t count : {1, 100, 1000}) {
      if (count <= cluster.slices.size()) drain(agent, metered, cluster, count);
    }
    return {};
  });
}

}  // namespace bench
