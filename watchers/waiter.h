#ifndef IPVS_AGENT_WATCHERS_WAITER_H_
#define IPVS_AGENT_WATCHERS_WAITER_H_

#include <condition_variable>
#include <mutex>

#include "base/clock.h"

namespace watchers {

// How a thread waits for time to pass, so that others can end the waiting and tests need no time.
//
// Threading: wait() from one thread, interrupt() from any.
class Waiter {
 public:
  virtual ~Waiter() = default;
  // Returns true when the time has passed, false as soon as it is interrupted.
  virtual bool wait(base::Duration duration) = 0;
  // Ends the wait that runs and every later one.
  virtual void interrupt() = 0;
};

// Waits on the machine's monotonic clock.
class SystemWaiter final : public Waiter {
 public:
  bool wait(base::Duration duration) override {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, duration, [&] { return interrupted_; });
  }
  void interrupt() override {
    std::lock_guard lock(mutex_);
    interrupted_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool interrupted_ = false;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_WAITER_H_
