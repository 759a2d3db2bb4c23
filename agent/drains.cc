#include "agent/drains.h"

#include <algorithm>
#include <utility>

namespace agent {

void Drains::set(const ipvs::VirtualServerKey& virtual_server,
                 std::span<const ipvs::RealServerKey> servers, base::TimePoint now) {
  auto found = drains_.find(virtual_server);
  if (found == drains_.end() && servers.empty()) return;
  std::vector<Drain> next;
  next.reserve(servers.size());
  for (const ipvs::RealServerKey& server : servers) {
    if (const Drain* known = find(virtual_server, server)) {
      next.push_back(*known);
    } else {
      next.push_back({.server = server,
                      .started = now,
                      .deadline = limit_ ? now + *limit_ : base::TimePoint::max()});
    }
  }
  size_ += next.size() - (found == drains_.end() ? 0 : found->second.size());
  if (next.empty()) {
    drains_.erase(found);
  } else {
    drains_[virtual_server] = std::move(next);
  }
}

const Drain* Drains::find(const ipvs::VirtualServerKey& virtual_server,
                          const ipvs::RealServerKey& server) const {
  auto found = drains_.find(virtual_server);
  if (found == drains_.end()) return nullptr;
  auto drain = std::find_if(found->second.begin(), found->second.end(),
                            [&](const Drain& candidate) { return candidate.server == server; });
  return drain == found->second.end() ? nullptr : &*drain;
}

}  // namespace agent
