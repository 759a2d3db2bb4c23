#include <malloc.h>

#include <cstdio>
#include <fstream>
#include <optional>
#include <string>

#include "tests/bench/accepting_tables.h"
#include "tests/bench/bench_agent.h"
#include "tests/bench/isolated.h"
#include "tests/bench/scenarios.h"

namespace bench {
namespace {

constexpr double kMega = 1e6;

// Bytes that are allocated and not freed, in MB.
double heap() { return static_cast<double>(mallinfo2().uordblks + mallinfo2().hblkhd) / kMega; }

// "VmRSS:  123 kB" of /proc/self/status, in MB.
double status_mb(const std::string& name) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    double kilobytes = 0;
    if (word == name + ":" && status >> kilobytes) return kilobytes * 1024 / kMega;
  }
  return 0;
}

// What a copy of a value takes; without the slack that the original may have.
template <typename T>
double size_of_copy(const T& value) {
  double before = heap();
  T copy = value;
  return heap() - before;
}

Figures memory_of(ClusterSize size) {
  double empty_rss = status_mb("VmRSS");
  double empty_heap = heap();
  AcceptingTables host;
  std::optional<BenchAgent> agent(host.tables());
  agent->prepare();
  {
    Cluster cluster = make_cluster(size);
    malloc_trim(0);
    double objects = heap() - empty_heap;
    std::printf("  %-52s %8.1f\n", "decoded objects (Services, slices)", objects);
    std::ofstream("/proc/self/clear_refs") << "5\n";
    agent->deliver(cluster);
  }
  agent->step();
  double peak = status_mb("VmHWM");
  double untrimmed = status_mb("VmRSS");
  malloc_trim(0);
  double all = heap() - empty_heap;
  double rss = status_mb("VmRSS");
  double snapshot = size_of_copy(agent->loop().snapshot());
  double desired = size_of_copy(agent->host().desired());
  double plans = size_of_copy(agent->host().desired().plans());
  double believed = size_of_copy(agent->host().believed());
  std::printf("  %-52s %8.1f\n", "indexes of the snapshot", snapshot);
  std::printf("  %-52s %8.1f\n", "desired: the plans of all Services", plans);
  std::printf("  %-52s %8.1f\n", "desired: indexes (claims, addresses, set entries)",
              desired - plans);
  std::printf("  %-52s %8.1f\n", "believed: virtual and real servers, addresses, sets", believed);
  std::printf("  %-52s %8.1f\n", "heap in use, all", all);
  std::printf("  %-52s %8.1f\n", "resident before there were objects (this program)", empty_rss);
  std::printf("  %-52s %8.1f\n", "resident after the start, malloc_trim", rss);
  std::printf("  %-52s %8.1f\n", "resident after the start, without malloc_trim", untrimmed);
  std::printf("  %-52s %8.1f\n", "peak while starting", peak);
  return {};
}

}  // namespace

void measure_memory(ClusterSize size) {
  std::printf("\nMemory, %d Services x %d endpoints (MB)\n", size.services, size.endpoints);
  in_child([&] { return memory_of(size); });
}

}  // namespace bench
