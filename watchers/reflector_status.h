#ifndef IPVS_AGENT_WATCHERS_REFLECTOR_STATUS_H_
#define IPVS_AGENT_WATCHERS_REFLECTOR_STATUS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace watchers {

enum class ReflectorState : std::uint8_t {
  kStopped,
  kListing,   // reading everything
  kWatching,  // a watch is open
  kWaiting,   // before the next try
};

std::string_view to_string(ReflectorState state);  // "stopped", "listing", ...

// How the watching of one resource goes. Counts are since the start.
struct ReflectorStatus {
  ReflectorState state = ReflectorState::kStopped;
  std::string resource;          // "services"; another one after a fall-back
  bool synced = false;           // everything was read once
  bool streaming_lists = false;  // lists come as watches
  std::string resource_version;  // up to which everything is known
  std::uint64_t objects = 0;     // known now
  std::uint64_t lists = 0;       // complete ones
  std::uint64_t watches = 0;     // answered ones, streaming lists among them
  std::uint64_t events = 0;      // of watches
  std::uint64_t rejected = 0;    // objects and events that could not be used
  // By cause: "connection", "certificate", "http_403", "event_410", "corrupt", "content_type",
  // "short_watch", "no_end_mark", "incomplete_list".
  std::map<std::string, std::uint64_t> errors;
  std::string last_error;        // "" if there was none
  base::WallTime last_error_at;  // when
  base::TimePoint last_contact;  // when the API server last sent anything; epoch: never
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_REFLECTOR_STATUS_H_
