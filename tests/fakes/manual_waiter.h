#ifndef IPVS_AGENT_TESTS_FAKES_MANUAL_WAITER_H_
#define IPVS_AGENT_TESTS_FAKES_MANUAL_WAITER_H_

#include <mutex>
#include <vector>

#include "tests/fakes/manual_clock.h"
#include "watchers/waiter.h"

namespace fakes {

// Waits by moving a manual clock, and remembers how long.
//
// Threading: as Waiter.
class ManualWaiter final : public watchers::Waiter {
 public:
  explicit ManualWaiter(ManualClock& clock) : clock_(clock) {}

  bool wait(base::Duration duration) override {
    std::lock_guard lock(mutex_);
    if (interrupted_) return false;
    waits_.push_back(duration);
    clock_.advance(duration);
    return true;
  }
  void interrupt() override {
    std::lock_guard lock(mutex_);
    interrupted_ = true;
  }
  std::vector<base::Duration> waits() const {
    std::lock_guard lock(mutex_);
    return waits_;
  }

 private:
  ManualClock& clock_;
  mutable std::mutex mutex_;
  std::vector<base::Duration> waits_;
  bool interrupted_ = false;
};

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_MANUAL_WAITER_H_
