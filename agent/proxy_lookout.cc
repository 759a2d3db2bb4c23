#include "agent/proxy_lookout.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace agent {
namespace {

namespace fs = std::filesystem;

constexpr char kProblem[] = "kube-proxy";

std::optional<pid_t> process_id(const std::string& name) {
  pid_t id = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return id;
}

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// "net:[4026531840]"; "" where it cannot be read.
std::string network_of(const fs::path& process) {
  std::error_code error;
  return fs::read_symlink(process / "ns" / "net", error).string();
}

}  // namespace

std::optional<pid_t> find_in_our_network(const std::string& name, const std::string& proc) {
  std::string ours = network_of(fs::path(proc) / "self");
  if (ours.empty()) return std::nullopt;
  std::error_code error;
  for (fs::directory_iterator entry(proc, error), end; !error && entry != end;
       entry.increment(error)) {
    std::optional<pid_t> id = process_id(entry->path().filename().string());
    if (!id || first_line(entry->path() / "comm") != name) continue;
    if (network_of(entry->path()) == ours) return id;
  }
  return std::nullopt;
}

base::TimePoint ProxyLookout::check(base::TimePoint now, bool suspicious) {
  base::Duration wait = seen_ || suspicious ? kSoon : kSeldom;
  if (looked_ && now - last_ < wait) return last_ + wait;
  looked_ = true;
  last_ = now;
  std::optional<pid_t> process = find_in_our_network("kube-proxy", proc_);
  seen_ = process.has_value();
  if (seen_) {
    reporter_.set_problem(kProblem, "runs in this network namespace, as process " +
                                        std::to_string(*process) +
                                        ": two proxies on one node undo each other's "
                                        "work; delete kube-proxy's "
                                        "DaemonSet or keep it off this node, or run this "
                                        "agent with --shadow");
  } else {
    reporter_.clear_problem(kProblem);
  }
  return now + (seen_ || suspicious ? kSoon : kSeldom);
}

}  // namespace agent
