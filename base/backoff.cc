#include "base/backoff.h"

#include <algorithm>
#include <cmath>

namespace base {

Duration Backoff::next() {
  // Beyond this many doublings the cap has long been reached; pow() must not overflow.
  int exponent = std::min(failures_, 60);
  failures_ = std::min(failures_ + 1, 1'000'000);
  double wait = static_cast<double>(policy_.first.count()) * std::pow(policy_.factor, exponent);
  wait = std::min(wait, static_cast<double>(policy_.cap.count()));
  wait *= 1.0 + std::uniform_real_distribution<double>(0.0, policy_.jitter)(random_);
  return Duration(static_cast<Duration::rep>(wait));
}

}  // namespace base
