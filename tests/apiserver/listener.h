#ifndef IPVS_AGENT_TESTS_APISERVER_LISTENER_H_
#define IPVS_AGENT_TESTS_APISERVER_LISTENER_H_

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/event_fd.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "tests/apiserver/connection.h"

namespace apiserver {

// A listening TCP socket that serves every client in a thread of its own, and can be made to refuse
// or ignore clients for a while.
//
// Threading: every method may be called from any thread but those that serve.
// Ownership: the serving threads end, joined, with stop() or the destructor.
class Listener {
 public:
  using Serve = std::function<void(Connection&)>;

  // `address` is "ADDRESS:PORT", IPv6 in brackets; port 0 takes a free one. `serve` is called in a
  // new thread for each client whose handshake succeeded.
  Listener(std::string address, Serve serve);
  ~Listener();

  base::Status start();
  void stop();
  // With `tls` set, for the connections from now on.
  void use_tls(TlsFiles files);

  // "127.0.0.1:41234": where it listens, or would if it did not refuse.
  std::string address() const;

  // Closes the listening socket, so that clients are refused, and opens it again at the same port.
  void refuse();
  base::Status accept_again();
  // Leaves new clients in the kernel's queue: connected, and never answered.
  void ignore(bool on);
  // Ends every connection there is.
  void abort_all(Connection::Abort how);
  std::size_t connections() const;

 private:
  struct Client {
    std::unique_ptr<Connection> connection;
    std::thread thread;
    bool done = false;
  };

  base::Status open();
  void run();
  void reap();
  void serve_client(Client& client);

  const std::string wanted_;
  const Serve serve_;
  mutable std::mutex mutex_;
  base::UniqueFd socket_;
  std::string bound_;
  std::optional<TlsFiles> tls_;
  bool ignoring_ = false;
  bool stopping_ = false;
  std::list<Client> clients_;
  base::EventFd wake_;
  std::thread thread_;
};

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_LISTENER_H_
