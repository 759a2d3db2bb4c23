#include "agent/pending_changes.h"

#include <algorithm>
#include <utility>

namespace agent {

// A slice is of one family; one that lost its last endpoint does not say which it was.
TriggerTimes trigger_times(const watchers::EndpointSlice& slice) {
  TriggerTimes times;
  bool none = true;
  for (const watchers::EndpointGroup& group : slice.groups) {
    for (const watchers::Endpoint& endpoint : group.endpoints) {
      times[endpoint.address.is_ipv4() ? 0 : 1] = slice.trigger_time;
      none = false;
    }
  }
  if (none) times = {slice.trigger_time, slice.trigger_time};
  return times;
}

void PendingChanges::add(const watchers::ObjectKey& service, const PendingChange& change) {
  auto [place, first] = changes_.try_emplace(service, change);
  if (first) return;
  PendingChange& pending = place->second;
  pending.since = std::min(pending.since, change.since);
  pending.service_changed = pending.service_changed || change.service_changed;
  pending.endpoints_changed = pending.endpoints_changed || change.endpoints_changed;
  // The oldest of what a round brings is the one whose wait counts.
  for (std::size_t family = 0; family < pending.trigger_times.size(); ++family) {
    const std::optional<base::WallTime>& time = change.trigger_times[family];
    std::optional<base::WallTime>& oldest = pending.trigger_times[family];
    if (time && (!oldest || *time < *oldest)) oldest = time;
  }
}

PendingChanges::ByService PendingChanges::take() { return std::exchange(changes_, {}); }

std::size_t PendingChanges::service_changes() const {
  return static_cast<std::size_t>(std::count_if(
      changes_.begin(), changes_.end(), [](const auto& c) { return c.second.service_changed; }));
}

std::size_t PendingChanges::endpoint_changes() const {
  return static_cast<std::size_t>(std::count_if(
      changes_.begin(), changes_.end(), [](const auto& c) { return c.second.endpoints_changed; }));
}

std::optional<base::TimePoint> PendingChanges::oldest() const {
  std::optional<base::TimePoint> oldest;
  for (const auto& [service, change] : changes_) {
    oldest = oldest ? std::min(*oldest, change.since) : change.since;
  }
  return oldest;
}

std::optional<base::TimePoint> PendingChanges::since(const watchers::ObjectKey& service) const {
  auto waiting = changes_.find(service);
  if (waiting == changes_.end()) return std::nullopt;
  return waiting->second.since;
}

}  // namespace agent
