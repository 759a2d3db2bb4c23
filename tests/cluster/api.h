#ifndef IPVS_AGENT_TESTS_CLUSTER_API_H_
#define IPVS_AGENT_TESTS_CLUSTER_API_H_

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tests/cluster/http_client.h"

namespace cluster {

// The Kubernetes API as a test's own hand sees it: objects are JSON text, paths are the API's own
// ("/api/v1/namespaces/default/services/web").
//
// Threading: one thread at a time for each object; objects are cheap.
class Api {
 public:
  // `url` is "https://HOST:PORT".
  Api(std::string url, Credentials credentials)
      : url_(std::move(url)), credentials_(std::move(credentials)) {}

  // The answer of any status, as it came.
  base::Result<HttpAnswer> get(const std::string& path);

  // These four return the object as the server keeps it, and are kNotFound, kAlreadyExists,
  // kInvalidArgument or kPermissionDenied with the server's sentence where it refuses.
  base::Result<std::string> create(const std::string& collection, const std::string& object);
  base::Result<std::string> merge_patch(const std::string& path, const std::string& patch);
  base::Result<std::string> replace(const std::string& path, const std::string& object);
  base::Result<std::string> remove(const std::string& path);

  // Why a watch came back.
  enum class WatchEnd {
    kEnough,  // the reader said so
    kClosed,  // the server ended it in order
    kBroken,  // the connection was cut, or was never made
    kDeadline,
    kRefused,  // another status than 200; `answer` has it
  };
  struct Watch {
    WatchEnd end = WatchEnd::kClosed;
    HttpAnswer answer;   // status and headers; the body only where refused
    std::string reason;  // for people
  };
  // Reads one event (a line of JSON) at a time; false means enough.
  using EventReader = std::function<bool(std::string_view line)>;
  // GET with `path` as given, so the query must have watch=true.
  Watch watch(const std::string& path, const EventReader& reader,
              std::chrono::milliseconds deadline = std::chrono::seconds(60));

  // Watches a collection from its present state on until `wanted` is true of one event's line:
  // waiting without polling. Goes on after a broken watch. kUnavailable when the deadline passes.
  base::Status await(const std::string& collection, const EventReader& wanted,
                     std::chrono::milliseconds deadline = std::chrono::seconds(60));
  // The same until the collection holds nothing.
  base::Status await_empty(const std::string& collection,
                           std::chrono::milliseconds deadline = std::chrono::seconds(60));

 private:
  // `new_reader` makes the reader of each watch, which starts from the collection's present state.
  base::Status await_new(const std::string& collection,
                         const std::function<EventReader()>& new_reader,
                         std::chrono::milliseconds deadline);
  base::Result<std::string> change(const std::string& method, const std::string& path,
                                   const std::string& content_type, const std::string& body);

  std::string url_;
  Credentials credentials_;
  HttpClient http_;
};

}  // namespace cluster

#endif  // IPVS_AGENT_TESTS_CLUSTER_API_H_
