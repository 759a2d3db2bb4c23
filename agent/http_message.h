#ifndef IPVS_AGENT_AGENT_HTTP_MESSAGE_H_
#define IPVS_AGENT_AGENT_HTTP_MESSAGE_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/protocol.h"

namespace agent {

// What of a request decides about its answer.
struct HttpRequest {
  std::string method;   // "GET"
  std::string path;     // "/healthz", decoded and without the query
  base::Port port = 0;  // of ours that was connected to; 0 on a Unix socket
  // Behind the "?", decoded, in order: {{"namespace", "default"}}.
  std::vector<std::pair<std::string, std::string>> parameters = {};
  std::string host = {};  // what the client calls us; "" where it does not say
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<const std::string> body;  // null for an empty one; not copied
};

// Makes the answer to a request. Called from a server's thread; quick, never throws.
using HttpAnswer = std::function<HttpResponse(const HttpRequest&)>;
// Makes the answer of one path, whatever the method.
using HttpRoute = std::function<HttpResponse()>;

// Answers known paths ("/healthz") and any method; 404 with a list of them for other paths.
HttpAnswer answer_by_path(std::map<std::string, HttpRoute> routes);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_HTTP_MESSAGE_H_
