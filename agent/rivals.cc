#include "agent/rivals.h"

#include <algorithm>

namespace agent {

bool Rivals::found(const HostThing& thing, base::TimePoint now) {
  Record& record = records_[thing];
  if (record.due) return true;
  if (record.times > 0 && is_over(record, now)) record.times = 0;
  ++record.times;
  record.last = now;
  if (record.times < kSuspicious) return false;
  int doublings = std::min(record.times - kSuspicious + 1, 20);
  record.due = now + std::min(period_ * (std::int64_t{1} << doublings), kLongestHold);
  ++held_;
  if (!suspect_) suspect_ = thing;
  return true;
}

std::vector<HostThing> Rivals::take_due(base::TimePoint now) {
  std::vector<HostThing> due;
  if (held_ == 0) return due;
  for (auto& [thing, record] : records_) {
    if (!record.due || *record.due > now) continue;
    record.due.reset();
    record.last = now;
    --held_;
    due.push_back(thing);
  }
  return due;
}

std::optional<base::TimePoint> Rivals::next() const {
  std::optional<base::TimePoint> next;
  if (held_ == 0) return next;
  for (const auto& [thing, record] : records_) {
    if (record.due) next = next ? std::min(*next, *record.due) : *record.due;
  }
  return next;
}

void Rivals::forget_quiet(base::TimePoint now) {
  std::erase_if(records_, [&](const auto& entry) { return is_over(entry.second, now); });
  if (suspect_ && records_.contains(*suspect_)) return;
  suspect_.reset();
  for (const auto& [thing, record] : records_) {
    if (record.times >= kSuspicious) suspect_ = thing;
  }
}

}  // namespace agent
