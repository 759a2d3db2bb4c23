#ifndef IPVS_AGENT_AGENT_HTTP_SERVER_H_
#define IPVS_AGENT_AGENT_HTTP_SERVER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/listen_address.h"
#include "agent/log.h"
#include "base/clock.h"
#include "base/result.h"

namespace agent {

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<const std::string> body;  // null for an empty one; not copied
};

// Makes the answer to a GET or HEAD of one path. Called from a server thread; quick, never throws.
using HttpRoute = std::function<HttpResponse()>;

struct HttpServerOptions {
  std::string name;  // what logs and errors call it: "healthz"
  std::vector<ListenAddress> addresses;
  std::map<std::string, HttpRoute> routes;                 // by path: "/healthz"
  base::Duration idle_timeout = std::chrono::seconds(10);  // whole seconds, >= 1
  unsigned connection_limit = 64;             // for each address; more are closed at once
  unsigned connection_limit_per_client = 16;  // for each address of a client
  base::Duration retry_interval = std::chrono::seconds(5);
};

// Serves small pages at some addresses over HTTP/1.1: GET and HEAD of known paths; 404 for other
// paths, 405 for other methods. The query of a URL is ignored.
//
// Threading: owned by one thread; each address is served by a thread of its own, and another one
//   tries again to listen where that failed.
// Errors: an address that cannot be listened on is logged once and tried again until it works.
// Slow, silent and malformed clients cost one of their limited connections until idle_timeout.
class HttpServer {
 public:
  // `log` must live longer than the server.
  HttpServer(HttpServerOptions options, Log& log);
  // As stop().
  ~HttpServer();

  // Listens on every address. The first failure is returned, naming the address and the remedy;
  // with `hard_fail` nothing is then served, otherwise the others are, and the failed ones are
  // tried again every retry_interval.
  base::Status start(bool hard_fail);
  // Closes everything; running answers are cut off. May be called twice.
  void stop();

  // The addresses that are being served, with the ports the kernel chose for port 0.
  std::vector<ListenAddress> serving() const;

 private:
  class Listeners;
  std::unique_ptr<Listeners> listeners_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_HTTP_SERVER_H_
