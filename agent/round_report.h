#ifndef IPVS_AGENT_AGENT_ROUND_REPORT_H_
#define IPVS_AGENT_AGENT_ROUND_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "agent/drains.h"
#include "agent/retries.h"
#include "base/result.h"

namespace agent {

// The kernel tables, as metrics and messages name them.
enum class HostTable : std::uint8_t { kIpvs, kAddress, kIpset, kIptables, kConntrack };

std::string_view to_string(HostTable table);

struct HostFailure {
  HostThing thing;
  base::Status status;
  FailureClass failure_class = FailureClass::kTransient;
};

struct StartedDrain {
  ipvs::VirtualServerKey virtual_server;
  Drain drain;
};

struct EndedDrain {
  ipvs::VirtualServerKey virtual_server;
  Drain drain;
  DrainEnd end = DrainEnd::kIdle;
};

// What an agent in shadow mode found instead of doing it.
struct ShadowFindings {
  bool whole = false;                              // everything was compared, not only what changed
  std::map<std::string, std::size_t> differences;  // operations that would be needed, by table
  std::size_t lines = 0;                           // commands, of which RoundReport has the first

  std::size_t total() const {
    std::size_t sum = 0;
    for (const auto& [table, count] : differences) sum += count;
    return sum;
  }
};

// What one round did to the host: values for logs, metrics and tests.
struct RoundReport {
  // (table, verb, outcome) -> how many operations: (kIpvs, "add_real_server", kOk) -> 3. Verbs are
  // literals.
  std::map<std::tuple<HostTable, std::string_view, base::Code>, std::size_t> operations;
  // The operations in order, one pasteable line each; cut at kMaxLines.
  std::vector<std::string> lines;
  std::vector<HostFailure> failures;
  std::optional<ShadowFindings> shadow;  // in shadow mode; nothing else but `lines` is then used
  std::vector<StartedDrain> started_drains;
  std::vector<EndedDrain> ended_drains;  // that nobody waits for any more
  // UDP virtual servers that lost a real server, or got their first one.
  std::vector<ipvs::VirtualServerKey> changed_udp;

  static constexpr std::size_t kMaxLines = 200;

  // Adds line() where there is room for it: in a large round most would be made to be thrown away.
  template <typename Line>
  void note(const Line& line) {
    if (lines.size() < kMaxLines) lines.push_back(line());
  }
  void count(HostTable table, std::string_view verb, const base::Status& status) {
    ++operations[{table, verb, status.code()}];
  }
  // How many operations were sent to the kernel, whatever became of them.
  std::size_t operation_count() const {
    std::size_t sum = 0;
    for (const auto& [kind, count] : operations) sum += count;
    return sum;
  }
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_ROUND_REPORT_H_
