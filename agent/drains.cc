#include "agent/drains.h"

#include <algorithm>
#include <utility>

namespace agent {

std::string_view to_string(DrainEnd end) {
  switch (end) {
    case DrainEnd::kIdle: return "idle";
    case DrainEnd::kDeadline: return "deadline";
    case DrainEnd::kReturned: return "returned";
    case DrainEnd::kRemoved: return "removed";
  }
  return "unknown";
}

Drains::Change Drains::set(const ipvs::VirtualServerKey& virtual_server,
                           std::span<const ipvs::RealServerKey> servers, base::TimePoint now) {
  Change change;
  std::vector<RememberedDrain> remembered;
  if (auto node = remembered_.extract(virtual_server)) {
    remembered = std::move(node.mapped());
    ++revision_;
  }
  auto found = drains_.find(virtual_server);
  if (found == drains_.end() && servers.empty()) return change;
  std::vector<Drain> next;
  next.reserve(servers.size());
  for (const ipvs::RealServerKey& server : servers) {
    if (const Drain* known = find(virtual_server, server)) {
      next.push_back(*known);
    } else {
      next.push_back(begin(server, remembered, now));
      change.started.push_back(next.back());
    }
  }
  if (found != drains_.end()) {
    for (const Drain& drain : found->second) {
      bool stays = std::find(servers.begin(), servers.end(), drain.server) != servers.end();
      if (!stays && !drain.finished) change.forgotten.push_back(drain);
      if (!stays) ++revision_;
    }
  }
  revision_ += change.started.size();
  size_ += next.size() - (found == drains_.end() ? 0 : found->second.size());
  if (next.empty()) {
    drains_.erase(found);
  } else {
    drains_[virtual_server] = std::move(next);
  }
  return change;
}

base::TimePoint Drains::deadline_of(base::TimePoint started) const {
  return limit_ ? started + *limit_ : base::TimePoint::max();
}

Drain Drains::begin(const ipvs::RealServerKey& server, std::span<const RememberedDrain> remembered,
                    base::TimePoint now) const {
  Drain drain{.server = server, .started = now, .deadline = {}};
  for (const RememberedDrain& earlier : remembered) {
    if (earlier.server == server) drain.started = std::min(earlier.started, now);
  }
  drain.deadline = deadline_of(drain.started);
  return drain;
}

void Drains::remember(std::span<const RememberedDrain> drains) {
  for (const RememberedDrain& drain : drains) remembered_[drain.virtual_server].push_back(drain);
  ++revision_;
}

std::vector<RememberedDrain> Drains::to_remember() const {
  std::vector<RememberedDrain> all;
  all.reserve(size_);
  for (const auto& [key, drains] : drains_) {
    for (const Drain& drain : drains) all.push_back({key, drain.server, drain.started});
  }
  for (const auto& [key, drains] : remembered_) all.insert(all.end(), drains.begin(), drains.end());
  std::sort(all.begin(), all.end());
  return all;
}

void Drains::set_limit(std::optional<base::Duration> limit) {
  limit_ = limit;
  for (auto& [key, drains] : drains_) {
    for (Drain& drain : drains) drain.deadline = deadline_of(drain.started);
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

std::optional<base::TimePoint> Drains::oldest() const {
  std::optional<base::TimePoint> oldest;
  for (const auto& [key, drains] : drains_) {
    for (const Drain& drain : drains) {
      oldest = oldest ? std::min(*oldest, drain.started) : drain.started;
    }
  }
  return oldest;
}

std::uint64_t Drains::connections() const {
  std::uint64_t sum = 0;
  for (const auto& [key, drains] : drains_) {
    for (const Drain& drain : drains) {
      sum += std::uint64_t{drain.active_connections} + drain.inactive_connections;
    }
  }
  return sum;
}

}  // namespace agent
