#ifndef IPVS_AGENT_WATCHERS_API_TIME_H_
#define IPVS_AGENT_WATCHERS_API_TIME_H_

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace watchers {

// A time as the API writes it (RFC 3339): "2026-07-01T12:00:00Z", with a fraction of up to
// nanoseconds and with an offset such as "+02:00" as well. Nothing for any other text.
std::optional<base::WallTime> parse_api_time(std::string_view text);

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_API_TIME_H_
