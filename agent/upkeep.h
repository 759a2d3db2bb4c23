#ifndef IPVS_AGENT_AGENT_UPKEEP_H_
#define IPVS_AGENT_AGENT_UPKEEP_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"

namespace agent {

// How the configuration in force stands to the file's.
struct ConfigStanding {
  std::uint64_t taken = 0;       // files that were taken over since the start
  std::uint64_t refused = 0;     // files that were wrong
  std::size_t keys_waiting = 0;  // keys of the file in force that take a restart
  bool in_force = true;          // all of the newest file is in force

  friend bool operator==(const ConfigStanding&, const ConfigStanding&) = default;
};

// What the agent looks after beside changes of the API, as it stands after a round: for metrics.
struct Upkeep {
  std::size_t problems = 0;             // degraded things that the log has named
  std::uint64_t drain_connections = 0;  // that draining real servers hold
  base::Duration oldest_drain{};        // since the longest one began; 0: none

  // In shadow mode: operations that the newest comparison of everything found missing, by table.
  std::optional<std::map<std::string, std::size_t>> shadow = std::nullopt;
  bool other_proxy = false;  // something else works on what is ours
  std::size_t held = 0;      // repairs that wait because of it
  ConfigStanding configuration = {};

  friend bool operator==(const Upkeep&, const Upkeep&) = default;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_UPKEEP_H_
