#ifndef IPVS_AGENT_AGENT_RIVALS_H_
#define IPVS_AGENT_AGENT_RIVALS_H_

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/retries.h"
#include "base/clock.h"

namespace agent {

// Tells somebody's one mistake from another program that keeps rewriting what the agent writes: a
// thing that is found changed again soon after each repair. Such a thing is repaired less and less
// often, so that the two do not fight at full speed.
//
// Threading: one owner.
class Rivals {
 public:
  // A thing that was repaired so many times in a row has a rival.
  static constexpr int kSuspicious = 6;
  // "Soon after": within two audits, or within this if it is longer. kube-proxy looks after its
  // things every 30 s.
  static constexpr base::Duration kSoon = std::chrono::minutes(1);
  static constexpr base::Duration kLongestHold = std::chrono::minutes(10);

  explicit Rivals(base::Duration audit_period) : period_(audit_period) {}
  void set_audit_period(base::Duration period) { period_ = period; }

  // The thing was found changed. Returns whether its repair waits: it is then held until it is due.
  bool found(const HostThing& thing, base::TimePoint now);
  // Held things whose time has come; they are held no longer.
  std::vector<HostThing> take_due(base::TimePoint now);
  // When the next one is due; no value where none is held.
  std::optional<base::TimePoint> next() const;
  // Forgets what has been left alone since. To be called now and then.
  void forget_quiet(base::TimePoint now);

  // The thing that has had a rival for longest; no value while nothing has.
  const std::optional<HostThing>& suspect() const { return suspect_; }
  bool holds(const HostThing& thing) const {
    auto place = records_.find(thing);
    return place != records_.end() && place->second.due;
  }
  std::size_t held() const { return held_; }

 private:
  struct Record {
    int times = 0;
    base::TimePoint last;                // found, or no longer held
    std::optional<base::TimePoint> due;  // while it is held
  };

  bool is_over(const Record& record, base::TimePoint now) const {
    return !record.due && now - record.last > std::max(2 * period_, kSoon);
  }

  base::Duration period_;
  std::map<HostThing, Record> records_;
  std::optional<HostThing> suspect_;
  std::size_t held_ = 0;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_RIVALS_H_
