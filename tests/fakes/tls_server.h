#ifndef IPVS_AGENT_TESTS_FAKES_TLS_SERVER_H_
#define IPVS_AGENT_TESTS_FAKES_TLS_SERVER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/unique_fd.h"
#include "tests/fakes/test_certificates.h"

namespace fakes {

// The server's end of one TLS connection, after the handshake.
class TlsConnection {
 public:
  virtual ~TlsConnection() = default;
  // The head of the next request, "GET /path HTTP/1.1\r\n...\r\n\r\n"; nothing at the end.
  virtual std::optional<std::string> read_request() = 0;
  // False when the other side is gone.
  virtual bool write(std::string_view bytes) = 0;
  // Until the other side closes.
  virtual void wait_for_end() = 0;
  // Makes the connection end with a TCP reset.
  virtual void reset() = 0;
  // The common name in the client's certificate, "" where it gave none.
  virtual std::string client_name() const = 0;
};

// A TLS server on loopback whose answers a test writes byte by byte.
//
// Threading: one thread accepts, one more runs the script of each connection. The destructor cuts
// every connection and joins them.
class TlsServer {
 public:
  using Script = std::function<void(TlsConnection&)>;

  struct Options {
    Identity identity;
    std::string client_authority = {};  // PEM; given: clients need a certificate signed by it
    std::string address = "127.0.0.1";  // or "::1"
  };

  // Listens from here on; throws std::runtime_error when it cannot.
  TlsServer(Options options, Script script);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::uint16_t port() const { return port_; }
  // Connections that passed the TLS handshake so far.
  int connections() const { return connections_; }

 private:
  class Connection;
  struct Context;

  void accept_all();
  void serve(int fd);

  const Options options_;
  const Script script_;
  std::unique_ptr<Context> context_;
  base::UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  bool stopping_ = false;
  std::list<int> open_;
  std::list<std::thread> serving_;
  std::thread accepting_;
};

// One piece of a body with Transfer-Encoding: chunked; the empty one ends it.
std::string http_chunk(std::string_view bytes);
// The head of an answer with such a body.
std::string chunked_head(int status = 200, std::string_view more_headers = "");
// A whole answer with Content-Length.
std::string http_answer(int status, std::string_view body,
                        std::string_view content_type = "application/json");

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_TLS_SERVER_H_
