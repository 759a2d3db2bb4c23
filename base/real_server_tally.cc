#include "base/real_server_tally.h"

namespace base {

void RealServerTally::add(std::string_view state) {
  if (state == kRealServerOk) {
    ++serving_;
  } else if (state == kRealServerDraining) {
    ++draining_;
  } else if (state == kRealServerStopped) {
    ++stopped_;
  } else {
    ++wrong_;
  }
}

std::string RealServerTally::summary() const {
  if (wrong_ > 0) return std::to_string(wrong_) + " not in step";
  if (serving_ == 0) return "no endpoints";
  if (stopped_ > 0) return std::to_string(stopped_) + " at weight 0";
  return draining_ > 0 ? std::to_string(draining_) + " draining" : "ok";
}

}  // namespace base
