#ifndef IPVS_AGENT_TESTS_FAKES_MANUAL_CLOCK_H_
#define IPVS_AGENT_TESTS_FAKES_MANUAL_CLOCK_H_

#include <mutex>

#include "base/clock.h"

namespace fakes {

// A clock that stands still until a test moves it. Starts at an arbitrary point.
class ManualClock final : public base::Clock {
 public:
  base::TimePoint now() const override {
    std::lock_guard lock(mutex_);
    return base::TimePoint(std::chrono::hours(1000)) + passed_;
  }
  base::WallTime wall_now() const override {
    std::lock_guard lock(mutex_);
    return base::WallTime(std::chrono::hours(24 * 365 * 50)) + passed_;
  }
  void advance(base::Duration duration) {
    std::lock_guard lock(mutex_);
    passed_ += duration;
  }

 private:
  mutable std::mutex mutex_;
  base::Duration passed_{};
};

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_MANUAL_CLOCK_H_
