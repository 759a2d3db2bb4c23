#ifndef IPVS_AGENT_AGENT_PENDING_CHANGES_H_
#define IPVS_AGENT_AGENT_PENDING_CHANGES_H_

#include <cstddef>
#include <optional>
#include <unordered_map>

#include "agent/loop_listener.h"
#include "base/clock.h"
#include "watchers/objects.h"

namespace agent {

// What is to be told of a change of one Service: since when it waits, and why.
struct PendingChange {
  base::TimePoint since;
  TriggerTimes trigger_times;
  bool service_changed = false;
  bool endpoints_changed = false;
};

// When the endpoint controller noted the slice's last change, for the families that it is about.
TriggerTimes trigger_times(const watchers::EndpointSlice& slice);

// The Services that wait for their round, one entry each, whatever happened to it since the last.
class PendingChanges {
 public:
  using ByService = std::unordered_map<watchers::ObjectKey, PendingChange>;

  // Of two changes of a Service, the times of the older one count, and the reasons of both.
  void add(const watchers::ObjectKey& service, const PendingChange& change);
  // All of them; none waits any more.
  ByService take();

  bool empty() const { return changes_.empty(); }
  std::size_t size() const { return changes_.size(); }
  // How many wait because they changed themselves, and how many because a slice did.
  std::size_t service_changes() const;
  std::size_t endpoint_changes() const;
  // Since when the one that waits longest does; no value where none waits.
  std::optional<base::TimePoint> oldest() const;
  // Since when this one waits; no value where it does not.
  std::optional<base::TimePoint> since(const watchers::ObjectKey& service) const;

 private:
  ByService changes_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_PENDING_CHANGES_H_
