#ifndef IPVS_AGENT_BASE_CLOCK_H_
#define IPVS_AGENT_BASE_CLOCK_H_

#include <chrono>

namespace base {

using Duration = std::chrono::nanoseconds;
// A point on the monotonic clock: for deadlines and intervals, never shown to people.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
// A point of civil time (UTC): for logs, metrics and health bodies, never for deadlines.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

// Where the time comes from, so that tests decide what time it is.
//
// Threading: every method may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  virtual WallTime wall_now() const = 0;
};

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  TimePoint now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall_now() const override { return std::chrono::system_clock::now(); }
};

}  // namespace base

#endif  // IPVS_AGENT_BASE_CLOCK_H_
