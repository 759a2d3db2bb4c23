#include "agent/process_stats.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace agent {
namespace {

base::Status unreadable(const char* path) {
  return base::Status(base::Code::kUnavailable, std::string("cannot read ") + path);
}

// When the machine was started, in seconds since 1970; 0 when it is not known.
double boot_time() {
  std::ifstream file("/proc/stat");
  std::string word;
  double seconds = 0;
  while (file >> word) {
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

}  // namespace

base::Result<ProcessStats> read_process_stats() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return unreadable("/proc/self/stat");
  // The second field is the program's name in parentheses, with whatever it contains.
  std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return unreadable("/proc/self/stat");
  std::istringstream rest(line.substr(name_end + 1));
  // fields[0] is field 3 of proc(5), the state.
  const std::vector<std::string> fields{std::istream_iterator<std::string>(rest), {}};
  if (fields.size() < 22) return unreadable("/proc/self/stat");
  auto field = [&](std::size_t number) { return std::strtod(fields[number - 3].c_str(), nullptr); };
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  ProcessStats stats;
  stats.cpu_seconds = (field(14) + field(15)) / ticks;
  stats.threads = field(20);
  stats.start_time_seconds = boot_time() + field(22) / ticks;
  stats.virtual_bytes = field(23);
  stats.resident_bytes = field(24) * static_cast<double>(sysconf(_SC_PAGESIZE));
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end;
       !error && entry != end; entry.increment(error)) {
    ++stats.open_files;
  }
  --stats.open_files;  // the one this loop read the folder by
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) stats.max_files = static_cast<double>(limit.rlim_cur);
  return stats;
}

}  // namespace agent
