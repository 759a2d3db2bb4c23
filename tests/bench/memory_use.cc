#include "tests/bench/memory_use.h"

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>

#include "base/unique_fd.h"

namespace bench {
namespace {

// A line "NAME:   123 kB" of /proc/self/status, in bytes.
double status_bytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    double kilobytes = 0;
    if (word == name + ":" && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace

MemoryUse measure_memory(const std::function<std::shared_ptr<void>()>& work) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return {};
  base::UniqueFd in(ends[0]);
  base::UniqueFd out(ends[1]);
  pid_t child = fork();
  if (child == 0) {
    malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << "5\n";
    double before = status_bytes("VmRSS");
    MemoryUse use;
    std::shared_ptr<void> result = work();
    use.peak = status_bytes("VmHWM") - before;
    malloc_trim(0);
    use.kept = status_bytes("VmRSS") - before;
    ssize_t written = write(out.get(), &use, sizeof(use));
    _exit(written == static_cast<ssize_t>(sizeof(use)) ? 0 : 1);
  }
  MemoryUse use;
  bool complete = child > 0 && read(in.get(), &use, sizeof(use)) == ssize_t{sizeof(use)};
  if (child > 0) waitpid(child, nullptr, 0);
  return complete ? use : MemoryUse{};
}

}  // namespace bench
