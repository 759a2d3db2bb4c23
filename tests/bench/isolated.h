#ifndef IPVS_AGENT_TESTS_BENCH_ISOLATED_H_
#define IPVS_AGENT_TESTS_BENCH_ISOLATED_H_

#include <functional>
#include <vector>

namespace bench {

using Figures = std::vector<double>;

// Runs `work` in a child process in a fresh network namespace whose lo is up, and gives back its
// figures once the kernel has taken the namespace's virtual servers apart, so that this disturbs no
// later measurement. Ends the program where the child failed; it has said why.
Figures in_fresh_namespace(const std::function<Figures()>& work);

// The same without a namespace of its own: for what touches no kernel table.
Figures in_child(const std::function<Figures()>& work);

// Says what is wrong and ends the process.
[[noreturn]] void give_up(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace bench

#endif  // IPVS_AGENT_TESTS_BENCH_ISOLATED_H_
