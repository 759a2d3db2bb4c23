#ifndef IPVS_AGENT_AGENT_GO_DURATION_H_
#define IPVS_AGENT_AGENT_GO_DURATION_H_

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

// Spans of time as Kubernetes writes them, which is as Go's time package does: "1h30m", "500ms".
namespace agent {

// The shortest such text: "1h30m0s", "1.5s", "0s".
std::string to_go_duration(base::Duration duration);

// Numbers with units h, m, s, ms, us (or µs), ns, largest first or not, with fractions and a sign;
// "0" needs no unit. Errors: kInvalidArgument, also beyond +-292 years.
base::Result<base::Duration> parse_go_duration(std::string_view text);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_GO_DURATION_H_
