#ifndef IPVS_AGENT_AGENT_HTTP_SERVER_H_
#define IPVS_AGENT_AGENT_HTTP_SERVER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "agent/http_message.h"
#include "agent/listen_address.h"
#include "agent/listeners.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace agent {

struct HttpServerOptions {
  HttpAnswer answer;
  ListenObserver on_listen;                                // may be empty
  base::Duration idle_timeout = std::chrono::seconds(10);  // whole seconds, >= 1
  unsigned connection_limit = 64;                          // more are closed at once
  unsigned connection_limit_per_client = 16;               // for each address of a client
  // For the head of a request and the buffer of its answer, in bytes, for each connection.
  std::size_t connection_memory = 32768;
  base::Duration retry_interval = std::chrono::seconds(5);
};

// Serves small pages over HTTP/1.1 at any number of addresses, which may come and go while it runs.
// A request's body is read and thrown away.
//
// Threading: one thread accepts and answers for all addresses, and tries again to listen where that
//   failed. Every method from any thread, except start() and stop(): those from the owner's.
// Errors: slow, silent and malformed clients cost one of their limited connections until
//   idle_timeout. Where file descriptors are used up, no connection is taken for a moment.
class HttpServer {
 public:
  explicit HttpServer(HttpServerOptions options);
  // As stop().
  ~HttpServer();

  // Begins to answer. Errors: kResourceExhausted.
  base::Status start();
  // Closes everything; running answers are cut off. May be called twice.
  void stop();

  // Listens at an address from now on. A failure, which names the address and the remedy, is tried
  // again every retry_interval until it works or close() is called. Once start() has succeeded;
  // twice is as once.
  base::Status listen(const ListenAddress& where);
  // Serves a socket that listens already, such as one at a path, until stop(). Once start() has
  // succeeded. Errors: kResourceExhausted.
  base::Status serve(base::UniqueFd listening);
  // Stops listening there, or trying to. Connections that were taken may get their answer.
  void close(const ListenAddress& where);

  // The addresses that are being served, with the ports the kernel chose for port 0.
  std::vector<ListenAddress> serving() const;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_HTTP_SERVER_H_
