#include "agent/audit_slices.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace agent {

void AuditSlices::begin_period(std::vector<ipvs::VirtualServerKey> virtual_servers) {
  assert(is_over());
  queue_ = std::move(virtual_servers);
  std::sort(queue_.begin(), queue_.end());
  left_ = queue_.size();
  slices_ = std::clamp(queue_.size() / kVirtualServersASlice, kSteps, kMostSlices);
  share_ = (queue_.size() + slices_ - 1) / slices_;
}

AuditSlices::Slice AuditSlices::take(base::TimePoint now, base::Duration period) {
  Slice slice;
  const std::size_t count = std::min(share_, left_);
  left_ -= count;
  slice.virtual_servers = std::span(queue_).subspan(left_, count);
  const std::size_t step = next_ * kSteps / slices_;
  const bool first_of_step = next_ == 0 || step != (next_ - 1) * kSteps / slices_;
  if (first_of_step) slice.step = step;
  next_ = (next_ + 1) % slices_;
  slice.last = next_ == 0;
  due_ = now + period / slices_;
  return slice;
}

}  // namespace agent
