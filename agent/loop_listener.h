#ifndef IPVS_AGENT_AGENT_LOOP_LISTENER_H_
#define IPVS_AGENT_AGENT_LOOP_LISTENER_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/host.h"
#include "agent/round_report.h"
#include "base/clock.h"
#include "base/result.h"
#include "watchers/object_event.h"

namespace agent {

// When the endpoint controllers noted the changes of a Service's slices that a round has applied,
// by family, IPv4 first: the oldest of each.
using TriggerTimes = std::array<std::optional<base::WallTime>, 2>;

// A Service whose change a round has applied.
struct AppliedService {
  watchers::ObjectKey key;
  base::TimePoint since;  // when the first event of the change arrived
  TriggerTimes trigger_times;
};

// One round of the loop.
struct Round {
  std::string_view cause;  // "start", "change", "configuration", "retry", "drain" or "audit"
  base::TimePoint began;
  base::TimePoint ended;
  std::vector<AppliedService> services;  // those that caused a change
  RoundReport report;
};

// What the loop tells of its work: for logs, metrics and health. Called on the loop's thread; must
// be quick.
class LoopListener {
 public:
  virtual ~LoopListener() = default;
  // The watchers delivered so many changes of Services and of EndpointSlices.
  virtual void changes_taken(std::size_t services, std::size_t slices) = 0;
  virtual void object_rejected(const watchers::EventKey& object, const std::string& reason) = 0;
  // Something of a Service cannot be planned; `problems` is empty once it can.
  virtual void service_problems(const watchers::ObjectKey& service,
                                const std::vector<std::string>& problems) = 0;
  // Plans have changed; the virtual servers that are touched may have others, or none, now. Not in
  // the kernel yet.
  virtual void planned(const DesiredHost& /*desired*/, const Touched& /*touched*/) {}
  virtual void start_failed(const base::Status& failure, base::Duration retry_in) = 0;
  // The first round did not wait longer for the own Node: what depends on it comes later.
  virtual void node_not_seen(base::Duration /*waited*/) {}
  // The first complete state of the API is in the kernel.
  virtual void started(const Host& host, base::Duration took) = 0;
  virtual void drifted(const std::vector<Drift>& drift) = 0;
  virtual void drains_ended(const std::vector<EndedDrain>& ended) = 0;
  virtual void round_ended(const Round& round) = 0;
  // The health check that a load balancer asks of a Service is this from now on, also in the
  // kernel; `health.port` 0: there is none. Told of changes only.
  virtual void service_health_changed(const watchers::ObjectKey& /*service*/,
                                      const ServiceHealth& /*health*/) {}
  // Before anything that depends on them.
  virtual void node_changed(const NodeFacts& /*node*/) {}
  // After every step, also those that had nothing to do.
  virtual void stepped(const class Loop& loop, base::TimePoint now) = 0;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_LOOP_LISTENER_H_
