#ifndef IPVS_AGENT_AGENT_FAILURE_H_
#define IPVS_AGENT_AGENT_FAILURE_H_

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace agent {

// What to do about a failed operation on the host. The one place that decides it.
enum class FailureClass : std::uint8_t {
  kDrift,        // the kernel is not as believed: read again at once, then compare again
  kInterrupted,  // the read was disturbed: read again at once
  kTransient,    // may pass: try again with backoff
  kRejected,     // the same request would be refused again: quarantine it, tell, go on
  kFatal,        // nothing will work: say the remedy and end
};

FailureClass classify(const base::Status& failure);

std::string_view to_string(FailureClass failure_class);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_FAILURE_H_
