#include "agent/running_drains.h"

#include <algorithm>
#include <tuple>

namespace agent {

RunningDrains running_drains(const Loop& loop, std::size_t most, base::TimePoint now) {
  struct Entry {
    const ipvs::VirtualServerKey* key;
    const Drain* drain;
  };
  std::vector<Entry> entries;
  for (const auto& [key, drains] : loop.host().drains().all()) {
    for (const Drain& drain : drains) entries.push_back({&key, &drain});
  }
  RunningDrains running;
  running.total = entries.size();
  const std::size_t shown = std::min(most, entries.size());
  std::ranges::partial_sort(
      entries, entries.begin() + static_cast<std::ptrdiff_t>(shown), {}, [](const Entry& entry) {
        return std::tie(entry.drain->started, *entry.key, entry.drain->server);
      });
  for (const Entry& entry : std::span(entries).first(shown)) {
    const Drain& drain = *entry.drain;
    RunningDrain& found = running.oldest.emplace_back();
    if (const auto* owner = loop.host().desired().owner(*entry.key)) found.service = *owner;
    found.virtual_server = *entry.key;
    found.real_server.server.key = drain.server;
    found.real_server.server.weight = 0;
    found.real_server.in_kernel = true;
    found.real_server.active_connections = drain.active_connections;
    found.real_server.inactive_connections = drain.inactive_connections;
    found.real_server.drain = DrainStatus{.lasts = now - drain.started, .left = {}};
    if (drain.deadline != base::TimePoint::max()) {
      found.real_server.drain->left = drain.deadline - now;
    }
  }
  return running;
}

}  // namespace agent
