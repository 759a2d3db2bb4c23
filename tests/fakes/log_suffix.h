#ifndef IPVS_AGENT_TESTS_FAKES_LOG_SUFFIX_H_
#define IPVS_AGENT_TESTS_FAKES_LOG_SUFFIX_H_

#include <cstring>
#include <string>

#include "base/result.h"

namespace fakes {

// What stands behind a refused operation in a fake's log: " # EBUSY", or the code's name where the
// kernel or tool gives no errno: " # resource exhausted".
inline std::string log_suffix(const base::Status& refused) {
  if (refused.error_number() == 0) return " # " + std::string(base::to_string(refused.code()));
  return std::string(" # ") + strerrorname_np(refused.error_number());
}

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_LOG_SUFFIX_H_
