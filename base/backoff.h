#ifndef IPVS_AGENT_BASE_BACKOFF_H_
#define IPVS_AGENT_BASE_BACKOFF_H_

#include <cstdint>
#include <random>

#include "base/clock.h"

namespace base {

// How long to wait before the n-th try: exponential, capped, with jitter.
struct BackoffPolicy {
  Duration first = std::chrono::milliseconds(800);
  Duration cap = std::chrono::seconds(30);
  double factor = 2.0;
  // Each wait is lengthened by a random part of itself, up to this factor: 1.0 means up to twice.
  double jitter = 1.0;
};

// The waits of one thing that keeps failing.
//
// Threading: one owner.
class Backoff {
 public:
  Backoff(BackoffPolicy policy, std::uint64_t seed) : policy_(policy), random_(seed) {}

  // The wait before the next try; each call lengthens the following one.
  Duration next();
  // The thing works again: the next wait is the first one.
  void reset() { failures_ = 0; }
  // How many waits were asked for since the last reset.
  int failures() const { return failures_; }

 private:
  BackoffPolicy policy_;
  std::mt19937_64 random_;
  int failures_ = 0;
};

}  // namespace base

#endif  // IPVS_AGENT_BASE_BACKOFF_H_
