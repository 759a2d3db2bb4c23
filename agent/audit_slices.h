#ifndef IPVS_AGENT_AGENT_AUDIT_SLICES_H_
#define IPVS_AGENT_AGENT_AUDIT_SLICES_H_

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "ipvs/ipvs_table.h"

namespace agent {

// The standing audit's timetable. Its period, in which the whole host is looked at once, is cut
// into slices, so that a change never waits long behind one: as many as it takes to read about
// kVirtualServersASlice at a time, within limits. Beside the virtual servers, kSteps points of the
// period, which do not depend on the number of slices, are for everything else.
//
// Threading: one owner.
class AuditSlices {
 public:
  static constexpr std::size_t kSteps = 30;  // and the fewest slices
  static constexpr std::size_t kMostSlices = 300;
  static constexpr std::size_t kVirtualServersASlice = 32;

  struct Slice {
    // The next ones, ascending; the slices themselves come in the opposite order. Valid until the
    // next begin_period().
    std::span<const ipvs::VirtualServerKey> virtual_servers;
    std::optional<std::size_t> step;  // below kSteps: it has come with this slice
    bool last = false;                // of the period
  };

  // When the next slice is due: kept here, but set by whoever audits.
  base::TimePoint due() const { return due_; }
  void set_due(base::TimePoint due) { due_ = due; }

  // Whether a period must begin before the next slice can be taken.
  bool is_over() const { return next_ == 0; }
  // Begins a period in which these virtual servers, in any order, are looked at.
  void begin_period(std::vector<ipvs::VirtualServerKey> virtual_servers);
  // The slice that is due now. The one after it is due a slice's part of `period` later.
  Slice take(base::TimePoint now, base::Duration period);

 private:
  base::TimePoint due_{};
  std::size_t next_ = 0;  // slice of the period
  std::size_t slices_ = 1;
  std::vector<ipvs::VirtualServerKey> queue_;  // of this period; taken from the end
  std::size_t left_ = 0;                       // of the queue
  std::size_t share_ = 0;                      // virtual servers a slice
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_AUDIT_SLICES_H_
