#ifndef IPVS_AGENT_TESTS_LAB_ECHO_SERVER_H_
#define IPVS_AGENT_TESTS_LAB_ECHO_SERVER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/event_fd.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "tests/lab/namespace.h"
#include "tests/lab/target.h"

namespace lab {

// A server of every protocol that answers each request with one line: its own name, the address and
// port it saw the request come from, and the request: "web-1 10.0.0.9 40312 hello\n". On TCP and
// SCTP a connection takes any number of requests, one a line; on UDP each datagram is one.
//
// Threading: serves from a thread of its own; every method may be called from any thread.
class EchoServer {
 public:
  // Binds every target inside the namespace. Name addresses of the namespace, not the wildcard: an
  // SCTP server would offer all of its addresses to clients behind NAT.
  static base::Result<std::unique_ptr<EchoServer>> start(const Namespace& where, std::string name,
                                                         const std::vector<Target>& targets);
  ~EchoServer();

  const std::string& name() const { return name_; }
  // Accepts nothing new from now on (further clients are refused); open connections go on.
  void stop_listening();
  // Closes everything; clients see the end of their connections.
  void stop();

  // Requests answered since the start.
  std::uint64_t requests() const { return requests_; }
  std::size_t open_connections() const { return open_connections_; }

 private:
  struct Listener {
    Target target;
    base::UniqueFd socket;
  };
  struct Connection {
    base::UniqueFd socket;
    std::string peer;     // "ADDRESS PORT"
    std::string pending;  // the beginning of a line
  };

  explicit EchoServer(std::string name) : name_(std::move(name)) {}
  static base::Result<Listener> listen(const Target& target);
  void serve();
  void serve_once();
  void accept_connection(const Listener& listener);
  void answer_datagram(const Listener& listener);
  // False when the connection is over.
  bool answer_lines(Connection& connection);
  std::string answer(const std::string& peer, std::string_view request);

  std::string name_;
  std::vector<Listener> listeners_;
  std::list<Connection> connections_;
  base::EventFd wake_;
  std::atomic<bool> listening_ = true;
  std::atomic<bool> stop_listening_ = false;
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> requests_ = 0;
  std::atomic<std::size_t> open_connections_ = 0;
  std::thread thread_;
};

}  // namespace lab

#endif  // IPVS_AGENT_TESTS_LAB_ECHO_SERVER_H_
