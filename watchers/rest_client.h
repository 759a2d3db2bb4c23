#ifndef IPVS_AGENT_WATCHERS_REST_CLIENT_H_
#define IPVS_AGENT_WATCHERS_REST_CLIENT_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace watchers {

// The head of an answer of the API server.
struct ResponseHead {
  int status = 0;  // HTTP status code
  std::string content_type;
  base::Duration retry_after{};  // Retry-After; 0 where it was not given
};

// The body of one answer, byte by byte as it comes, with back-pressure: what is not read stays, but
// for a bounded buffer, with the server.
//
// Threading: read() from one thread; cancel() from any.
class ResponseBody {
 public:
  // Ends the request if it still runs.
  virtual ~ResponseBody() = default;
  // Waits for bytes and returns how many were stored in `buffer`; 0 at the proper end of the body.
  // Errors: kUnavailable when the connection broke or was silent too long, kCancelled.
  virtual base::Result<std::size_t> read(std::span<char> buffer) = 0;
  // Makes a waiting and every later read() return kCancelled.
  virtual void cancel() = 0;
};

struct Response {
  ResponseHead head;
  std::unique_ptr<ResponseBody> body;
};

struct RequestOptions {
  bool compressed = false;        // ask for gzip: for lists, not for watches
  base::Duration idle_timeout{};  // silence after which the request fails
  std::string accept = "application/json";
};

// "GET with a stream of bytes", and a POST of little: all that the agent asks of an HTTP library.
// One implementation (cpprestsdk) is behind it, to be replaced without touching anything else.
//
// Threading: get() and post() from any thread; they block until the head of the answer is there.
class RestClient {
 public:
  virtual ~RestClient() = default;
  // `path` begins with '/' and holds the query. Answers of every HTTP status are a Response.
  // Errors: kUnavailable (no connection, time-out), kPermissionDenied (the server's certificate
  // does not verify: the message names the reason), kCancelled after shut_down().
  virtual base::Result<Response> get(const std::string& path, const RequestOptions& options) = 0;
  // As get(); `json` is sent with it.
  virtual base::Result<Response> post(const std::string& path, const std::string& json,
                                      const RequestOptions& options) = 0;
  // Ends every request, present and future.
  virtual void shut_down() = 0;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_REST_CLIENT_H_
