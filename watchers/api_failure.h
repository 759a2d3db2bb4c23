#ifndef IPVS_AGENT_WATCHERS_API_FAILURE_H_
#define IPVS_AGENT_WATCHERS_API_FAILURE_H_

#include <string>
#include <string_view>

#include "base/clock.h"
#include "watchers/object_decoder.h"
#include "watchers/resource.h"
#include "watchers/rest_client.h"

namespace watchers {

// The API server refused a list or a watch, or ended it with an ERROR event.
struct ApiFailure {
  int code = 0;         // as an HTTP status; 0: not given
  std::string reason;   // of the Status: "Expired"; "" where none came
  std::string message;  // a sentence that names the resource, what came, and a remedy if there is
  base::Duration retry_after{};    // 0: not given
  bool version_too_large = false;  // the server has not come to the wanted version yet

  // The wanted version is older than what the server keeps.
  bool expired() const { return code == 410 || reason == "Expired" || reason == "Gone"; }
};

// From an answer other than 200 and the beginning of its body, which may be anything.
ApiFailure failure_of(const WatchedResource& resource, const ResponseHead& head,
                      std::string_view body);
// From a Status in the place of a list or in an ERROR event.
ApiFailure failure_of(const WatchedResource& resource, const ApiStatus& status);

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_API_FAILURE_H_
