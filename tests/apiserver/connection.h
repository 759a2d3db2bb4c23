#ifndef IPVS_AGENT_TESTS_APISERVER_CONNECTION_H_
#define IPVS_AGENT_TESTS_APISERVER_CONNECTION_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/event_fd.h"
#include "base/unique_fd.h"

namespace apiserver {

// The certificate a TLS server shows and the authority its clients' certificates must come from.
// All are PEM files, read again for every connection, so that a rotation needs no restart.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string client_authority;  // "": client certificates are not asked for
};

// One accepted client, plain or TLS, as a stream of bytes that can be broken in every way a network
// breaks one.
//
// Threading: one thread reads and writes; abort() and wake() may be called from any.
class Connection {
 public:
  enum class Abort { kNone, kClose, kReset };

  // Takes over a connected socket. Without `tls` the bytes are plain.
  Connection(base::UniqueFd socket, const TlsFiles* tls);
  // Closes: with a RST when aborted so, else properly.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The TLS handshake; true at once on a plain connection.
  bool shake_hands();
  // Waits for bytes; 0 when the client is gone or the connection was aborted.
  std::size_t read(std::span<char> buffer);
  // Sends all of `bytes`; false when the client is gone or the connection was aborted.
  bool write(std::string_view bytes);
  // Waits until wake() was called, the client closed, abort() or the time is over. False when the
  // connection is of no more use.
  bool wait(base::Duration timeout);

  // What a client certificate says of the user (its common name), once the hands are shaken.
  std::optional<std::string> client_name() const;

  void abort(Abort how);
  bool aborted() const { return abort_ != Abort::kNone; }
  const base::EventFd& wake() const { return wake_; }
  // Slows writes down to `bytes` a second; 0: no limit.
  void limit_rate(std::size_t bytes) { rate_limit_ = bytes; }

 private:
  struct Tls;

  bool await(short events);
  bool write_some(std::string_view bytes);
  bool sleep(base::Duration time);

  base::UniqueFd socket_;
  std::unique_ptr<Tls> tls_;
  base::EventFd wake_;
  std::atomic<Abort> abort_{Abort::kNone};
  std::atomic<std::size_t> rate_limit_{0};
};

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_CONNECTION_H_
