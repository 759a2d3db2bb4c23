#ifndef IPVS_AGENT_TESTS_BENCH_MEMORY_USE_H_
#define IPVS_AGENT_TESTS_BENCH_MEMORY_USE_H_

#include <functional>
#include <memory>

namespace bench {

// What a piece of work did to the resident memory, in bytes beyond what was there before.
struct MemoryUse {
  double peak = 0;  // the highest while it ran
  double kept = 0;  // when it was over and free memory had been given back
};

// Runs `work` in a child process and measures it there; what `work` returns counts as kept.
// proc(5): clear_refs resets the peak.
MemoryUse measure_memory(const std::function<std::shared_ptr<void>()>& work);

}  // namespace bench

#endif  // IPVS_AGENT_TESTS_BENCH_MEMORY_USE_H_
