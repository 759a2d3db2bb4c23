#ifndef IPVS_AGENT_AGENT_DRAINS_H_
#define IPVS_AGENT_AGENT_DRAINS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
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

  friend bool operator==(const Drain&, const Drain&) = default;
};

enum class DrainEnd : std::uint8_t {
  kIdle,      // no connection is left
  kDeadline,  // its time was up
  kReturned,  // a plan wants the real server again
  kRemoved,   // nothing wants the virtual server any more
};

// "idle", "deadline", "returned", "removed".
std::string_view to_string(DrainEnd end);

// What survives a restart of the agent of one drain.
struct RememberedDrain {
  ipvs::VirtualServerKey virtual_server;
  ipvs::RealServerKey server;
  base::TimePoint started;

  friend auto operator<=>(const RememberedDrain&, const RememberedDrain&) = default;
};

// All drains of the host. The kernel remembers them over a restart of the agent as real servers of
// weight 0; when they began is for a DrainJournal to remember.
//
// Threading: one owner.
class Drains {
 public:
  // What set() came to.
  struct Change {
    std::vector<Drain> started;    // those that were remembered have begun earlier
    std::vector<Drain> forgotten;  // without having been finished
  };

  // How long a drain may last; no value: until its connections end.
  explicit Drains(std::optional<base::Duration> limit) : limit_(limit) {}

  // Says which real servers of a virtual server drain from now on: known ones keep their record,
  // others are forgotten.
  Change set(const ipvs::VirtualServerKey& virtual_server,
             std::span<const ipvs::RealServerKey> servers, base::TimePoint now);

  // Says when drains that are about to be found again began. What the next set() of a virtual
  // server does not name has ended meanwhile.
  void remember(std::span<const RememberedDrain> drains);
  // Everything that a later agent has to know, in order.
  std::vector<RememberedDrain> to_remember() const;
  // Another value says that the result of to_remember() may differ.
  std::uint64_t revision() const { return revision_; }

  // Another limit, for running drains as well: it counts from their beginning.
  void set_limit(std::optional<base::Duration> limit);

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
  // When the longest running one began; no value where none runs.
  std::optional<base::TimePoint> oldest() const;
  // Connections that draining real servers hold, as last read.
  std::uint64_t connections() const;

 private:
  base::TimePoint deadline_of(base::TimePoint started) const;
  Drain begin(const ipvs::RealServerKey& server, std::span<const RememberedDrain> remembered,
              base::TimePoint now) const;

  std::optional<base::Duration> limit_;
  std::unordered_map<ipvs::VirtualServerKey, std::vector<Drain>> drains_;
  std::unordered_map<ipvs::VirtualServerKey, std::vector<RememberedDrain>> remembered_;
  std::size_t size_ = 0;
  std::uint64_t revision_ = 0;
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
