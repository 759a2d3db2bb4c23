#include "watchers/api_failure.h"

#include <algorithm>

#include "watchers/quote.h"
#include "watchers/status_reader.h"

namespace watchers {
namespace {

constexpr base::Duration kLongestRetryAfter = std::chrono::minutes(5);

std::string remedy(const WatchedResource& resource, int code) {
  switch (code) {
    case 401:
      return "; the credentials are not accepted: check the ServiceAccount token or the user of "
             "the kubeconfig";
    case 403: return "; the agent needs a ClusterRole with get, list and watch on " + resource.name;
    case 404: return "; the API server does not serve " + resource.path;
    default: return {};
  }
}

}  // namespace

ApiFailure failure_of(const WatchedResource& resource, const ApiStatus& status) {
  ApiFailure failure;
  failure.code = status.code;
  failure.reason = status.reason;
  failure.retry_after = std::chrono::seconds(status.retry_after_s);
  failure.retry_after = std::min(failure.retry_after, kLongestRetryAfter);
  // Servers before 1.17 give no cause, only the text.
  failure.version_too_large =
      std::find(status.causes.begin(), status.causes.end(), "ResourceVersionTooLarge") !=
          status.causes.end() ||
      status.message.find("Too large resource version") != std::string::npos;
  failure.message = resource.name + ": the API server answers " + std::to_string(status.code);
  if (!status.reason.empty()) failure.message += " " + status.reason;
  if (!status.message.empty()) failure.message += ": " + status.message;
  failure.message += remedy(resource, status.code);
  return failure;
}

ApiFailure failure_of(const WatchedResource& resource, const ResponseHead& head,
                      std::string_view body) {
  ApiStatus status;
  base::Result<ListEnvelope> envelope = read_envelope(body);
  if (envelope.ok() && envelope->status) {
    status = *envelope->status;
  } else {
    status.message = printable(body, 200);
  }
  // What the connection says counts: a proxy between may have answered.
  status.code = head.status;
  ApiFailure failure = failure_of(resource, status);
  failure.retry_after =
      std::min(std::max(failure.retry_after, head.retry_after), kLongestRetryAfter);
  return failure;
}

}  // namespace watchers
