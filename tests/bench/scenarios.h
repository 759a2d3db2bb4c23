#ifndef IPVS_AGENT_TESTS_BENCH_SCENARIOS_H_
#define IPVS_AGENT_TESTS_BENCH_SCENARIOS_H_

#include "tests/bench/cluster.h"

// What host_bench measures. Each prints its figures, and ends the program with a message where a
// count is not exactly what it must be. Times are printed, never judged.
namespace bench {

// From an empty kernel to a complete one, against a bare loop (bare_loop.h) before and after.
void measure_cold_start(ClusterSize size);

// One endpoint more or less in one Service of each of the two clusters, `changes` times.
void measure_changes(ClusterSize small, ClusterSize large, int changes);

// The same changes on a host that accepts everything, for a tool that counts instructions: only
// what happens inside apply_one_change() is to be counted.
void make_changes(ClusterSize size, int changes);

// A second agent on what the first has left; then a whole period of the audit, and drains.
void measure_restart_and_upkeep(ClusterSize size);

// A node that ran kube-proxy's iptables mode with so many Services: how long a change of the API
// can wait for the loop while the old rules go, and in two periods of the audit beside rules of
// others.
void measure_take_over(ClusterSize size);

// Pages of metrics of single Services, and changes while they are made.
void measure_scrapes(ClusterSize size);

// What of the resident memory goes into what.
void measure_memory(ClusterSize size);

}  // namespace bench

#endif  // IPVS_AGENT_TESTS_BENCH_SCENARIOS_H_
