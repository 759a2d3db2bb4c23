#ifndef IPVS_AGENT_AGENT_DRAINS_H_
#define IPVS_AGENT_AGENT_DRAINS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "ipvs/ipvs_table.h"

namespace agent {

// A real server that no plan wants any more and that keeps its connections, at weight 0, until
// they end or the deadline has passed.
struct Drain {
  ipvs::RealServerKey server;
  base::TimePoint started;
  base::TimePoint deadline;              // TimePoint::max(): none
  std::uint32_t active_connections = 0;  // as last read
  std::uint32_t inactive_connections = 0;
  // Nothing keeps it any longer: the next round deletes it.
  bool finished = false;
};

enum class DrainEnd : std::uint8_t { kIdle, kDeadline };

// All drains of the host. The kernel remembers them over a restart of the agent as real servers of
// weight 0; their deadlines start anew then.
//
// Threading: one owner.
class Drains {
 public:
  // How long a drain may last; no value: until its connections end.
  explicit Drains(std::optional<base::Duration> limit) : limit_(limit) {}

  // Says which real servers of a virtual server drain from now on: known ones keep their record,
  // others are forgotten.
  void set(const ipvs::VirtualServerKey& virtual_server,
           std::span<const ipvs::RealServerKey> servers, base::TimePoint now);

  // Null where the real server is not draining.
  const Drain* find(const ipvs::VirtualServerKey& virtual_server,
                    const ipvs::RealServerKey& server) const;

  // Takes in fresh counters. Those without connections, or past their deadline, are finished from
  // now on; calls ended(virtual server, drain, why) for each.
  template <typename Ended>
  void observe(const ipvs::VirtualServerState& state, base::TimePoint now, Ended ended);

  const std::unordered_map<ipvs::VirtualServerKey, std::vector<Drain>>& all() const {
    return drains_;
  }
  std::size_t size() const { return size_; }

 private:
  std::optional<base::Duration> limit_;
  std::unordered_map<ipvs::VirtualServerKey, std::vector<Drain>> drains_;
  std::size_t size_ = 0;
};

template <typename Ended>
void Drains::observe(const ipvs::VirtualServerState& state, base::TimePoint now, Ended ended) {
  auto found = drains_.find(state.server.key);
  if (found == drains_.end()) return;
  for (Drain& drain : found->second) {
    for (const ipvs::RealServerState& real : state.real_servers) {
      if (real.server.key != drain.server) continue;
      drain.active_connections = real.active_connections;
      drain.inactive_connections = real.inactive_connections;
    }
    bool idle = drain.active_connections + drain.inactive_connections == 0;
    if (drain.finished || (!idle && now < drain.deadline)) continue;
    drain.finished = true;
    ended(state.server.key, drain, idle ? DrainEnd::kIdle : DrainEnd::kDeadline);
  }
}

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_DRAINS_H_
