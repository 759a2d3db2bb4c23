#ifndef IPVS_AGENT_TESTS_CLUSTER_HTTP_CLIENT_H_
#define IPVS_AGENT_TESTS_CLUSTER_HTTP_CLIENT_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cluster {

// What a client shows and whom it trusts, as texts rather than files: a guest of the lab does not
// see the host replace a file. Empty parts are left out.
struct Credentials {
  std::string authority{};    // PEM; empty: the server is not verified at all
  std::string certificate{};  // PEM
  std::string key{};          // PEM
  std::string token{};        // sent as a bearer token
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
  Credentials credentials;
  // For the whole exchange, or until the sink has had enough.
  std::chrono::milliseconds deadline{60'000};
};

struct HttpAnswer {
  int status = 0;
  std::string headers;  // as received, one a line
  std::string body;     // what no sink took
};

// A client that shares no code with the agent's: the library behind the curl program. Connections
// are kept between requests.
//
// Threading: one thread at a time for each client.
class HttpClient {
 public:
  // Receives the body of a 2xx answer as it arrives; false ends the exchange, which is then no
  // error. The body of any other answer is in the answer.
  using Sink = std::function<bool(std::string_view)>;

  HttpClient();
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  // Any HTTP status is an answer. Errors: kUnavailable when there was none, or only a part of it
  // (the message has the library's reason: "Connection refused", "certificate has expired"). An
  // exchange ended by its deadline is kCancelled.
  base::Result<HttpAnswer> send(const HttpRequest& request, const Sink& sink = nullptr);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cluster

#endif  // IPVS_AGENT_TESTS_CLUSTER_HTTP_CLIENT_H_
