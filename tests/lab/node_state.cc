#include "tests/lab/node_state.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

namespace lab {
namespace {

std::string tool(const Namespace& node, const std::vector<std::string>& argv) {
  base::Result<std::string> output = node.check(argv);
  if (!output.ok()) throw std::runtime_error(output.status().message());
  return *output;
}

std::string sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  std::string result;
  for (const std::string& line : lines) result += line + "\n";
  return result;
}

// Without what changes by itself: dates and counters.
std::string without_counters(const std::string& rules) {
  std::istringstream stream(rules);
  std::string result;
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with('#')) result += line.substr(0, line.find(" [")) + "\n";
  }
  return result;
}

}  // namespace

std::string ipvs_of(const Namespace& node) { return sorted_lines(tool(node, {"ipvsadm", "-Sn"})); }

std::string addresses_of(const Namespace& node) {
  base::Result<Output> output = node.execute({"ip", "-o", "addr", "show", "dev", "kube-ipvs0"});
  return output.ok() && output->ok() ? sorted_lines(output->out) : "";
}

std::string sets_of(const Namespace& node) { return sorted_lines(tool(node, {"ipset", "save"})); }

std::string rules_of(const Namespace& node, base::Family family, const std::string& suffix) {
  const std::string name = family == base::Family::kIpv4 ? "iptables" : "ip6tables";
  std::string text;
  for (const char* table : {"nat", "filter"}) {
    text += tool(node, {name + suffix + "-save", "-t", table});
  }
  return without_counters(text);
}

std::string everything_of(const Namespace& node, const std::string& suffix) {
  return ipvs_of(node) + addresses_of(node) + sets_of(node) +
         rules_of(node, base::Family::kIpv4, suffix) + rules_of(node, base::Family::kIpv6, suffix);
}

std::string metrics_of(const Namespace& node) {
  base::Result<Output> output =
      node.execute({"curl", "-sS", "--max-time", "20", "http://127.0.0.1:10249/metrics"});
  return output.ok() ? output->out : "";
}

std::optional<double> metric_in(const std::string& page, const std::string& name,
                                const std::string& labels) {
  std::istringstream stream(page);
  std::optional<double> sum;
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with(name)) continue;
    const char next = line.size() > name.size() ? line[name.size()] : '\0';
    if ((next != '{' && next != ' ') || line.find(labels) == std::string::npos) continue;
    sum = sum.value_or(0) + std::strtod(line.c_str() + line.rfind(' '), nullptr);
  }
  return sum;
}

bool eventually(const std::function<bool()>& condition, base::Duration patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

}  // namespace lab
