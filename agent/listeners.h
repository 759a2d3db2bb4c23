#ifndef IPVS_AGENT_AGENT_LISTENERS_H_
#define IPVS_AGENT_AGENT_LISTENERS_H_

#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/listen_address.h"
#include "agent/log.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace agent {

// Told of each address, as it was asked for, that begins to be served (with the port the kernel
// chose for port 0), and of each that cannot be (once, until it can). Called without locks, from
// the thread that called listen() or from the server's.
using ListenObserver =
    std::function<void(const ListenAddress& wanted, const base::Result<ListenAddress>& bound)>;

// Writes a line of either, under the name of the server: "healthz". `log` must live longer.
ListenObserver log_listening(std::string name, Log& log);

// The addresses that a server is to listen at, the sockets of those where it does, and the next try
// where it could not.
//
// Threading: every method from any thread; accept() and retry_due() from one at a time.
class Listeners {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Connection {
    base::UniqueFd socket;
    sockaddr_storage client{};
    socklen_t client_length = sizeof(sockaddr_storage);
  };

  // A failure to listen is tried again after `retry_interval`. The observer may be empty.
  Listeners(ListenObserver observer, base::Duration retry_interval);

  // Whether the kernel gave what is needed; nothing else may be called where it did not.
  bool usable() const { return static_cast<bool>(ready_); }
  // Readable while a client waits to be taken.
  int fd() const { return ready_.get(); }

  // Listens at an address from now on, or tries to, until close(). Twice is as once. Errors: those
  // of listen_on(); next_retry() is another time then.
  base::Status listen(const ListenAddress& where);
  // Takes clients of a socket that listens already, until close_all(). Errors: kResourceExhausted.
  base::Status add(base::UniqueFd listening);
  void close(const ListenAddress& where);
  void close_all();

  // The addresses where there is a socket, with the ports the kernel chose for port 0.
  std::vector<ListenAddress> serving() const;

  // When the next try to listen is due; no value where all sockets are there.
  std::optional<Time> next_retry() const;
  // Tries again where it is due.
  void retry_due();

  // Takes clients that wait, some from every socket in turn; those that are left keep fd()
  // readable. False when file descriptors or memory are used up.
  bool accept(const std::function<void(Connection)>& take);

 private:
  struct Listener {
    base::UniqueFd socket;  // none while it could not be opened
    ListenAddress bound;
    Time retry{};  // while there is no socket
  };

  base::Result<ListenAddress> open(const ListenAddress& where, Listener& listener);
  base::Status watch(int socket);
  bool complete() const;
  Connection accept_at(int listener) const;

  const ListenObserver observer_;
  const base::Duration retry_interval_;
  base::UniqueFd ready_;      // epoll over the listening sockets
  mutable std::mutex mutex_;  // guards the three below
  std::map<ListenAddress, Listener> listeners_;
  std::vector<base::UniqueFd> given_;  // by add()
  std::set<int> sockets_;              // of both, those that are open
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_LISTENERS_H_
