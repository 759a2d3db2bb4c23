// What the agent costs on a real kernel, from objects in the mailbox to netlink: run it as root in
// a kernel with IPVS (tests/lab/run). Counts are asserted, times only printed.

#include <cstdio>
#include <cstring>
#include <string_view>

#include "tests/bench/scenarios.h"

namespace {

constexpr const char* kUsage =
    "host_bench [--smoke] [cold] [changes] [restart] [takeover] [scrapes] [memory]  (default: "
    "all)\n"
    "host_bench [--smoke] small|large        only changes of endpoints, for callgrind\n";

struct Sizes {
  bench::ClusterSize small;
  bench::ClusterSize large;
  int changes;
  bench::ClusterSize old_mode;  // of kube-proxy's rules that are taken over
};

constexpr Sizes kFull = {{1'000, 10}, {10'000, 10}, 400, {2'000, 5}};
constexpr Sizes kSmoke = {{50, 10}, {200, 10}, 20, {100, 5}};

}  // namespace

int main(int argc, char** argv) {
  Sizes sizes = kFull;
  bool all = true;
  bool cold = false;
  bool changes = false;
  bool restart = false;
  bool takeover = false;
  bool scrapes = false;
  bool memory = false;
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (word == "--smoke") {
      sizes = kSmoke;
      continue;
    }
    if (word == "small" || word == "large") {
      bench::make_changes(word == "small" ? sizes.small : sizes.large, sizes.changes);
      return 0;
    }
    all = false;
    if (word == "cold") {
      cold = true;
    } else if (word == "changes") {
      changes = true;
    } else if (word == "restart") {
      restart = true;
    } else if (word == "takeover") {
      takeover = true;
    } else if (word == "scrapes") {
      scrapes = true;
    } else if (word == "memory") {
      memory = true;
    } else {
      std::fputs(kUsage, stderr);
      return 2;
    }
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (all || cold) {
    bench::measure_cold_start(sizes.small);
    bench::measure_cold_start(sizes.large);
  }
  if (all || changes) bench::measure_changes(sizes.small, sizes.large, sizes.changes);
  if (all || restart) bench::measure_restart_and_upkeep(sizes.large);
  if (all || takeover) bench::measure_take_over(sizes.old_mode);
  if (all || scrapes) bench::measure_scrapes(sizes.large);
  if (all || memory) bench::measure_memory(sizes.large);
  return 0;
}
