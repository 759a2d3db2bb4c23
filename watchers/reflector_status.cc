#include "watchers/reflector_status.h"

namespace watchers {

std::string_view to_string(ReflectorState state) {
  switch (state) {
    case ReflectorState::kStopped: return "stopped";
    case ReflectorState::kListing: return "listing";
    case ReflectorState::kWatching: return "watching";
    case ReflectorState::kWaiting: return "waiting";
  }
  return "?";
}

}  // namespace watchers
