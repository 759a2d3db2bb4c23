#ifndef IPVS_AGENT_TESTS_LAB_CLIENT_H_
#define IPVS_AGENT_TESTS_LAB_CLIENT_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ip_address.h"
#include "base/protocol.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "tests/lab/namespace.h"
#include "tests/lab/target.h"

namespace lab {

// What an EchoServer answered.
struct Reply {
  std::string server;    // its name
  base::IpAddress peer;  // from where it saw the request come
  base::Port peer_port = 0;
  std::string text;  // the request again
};

// From a line of an EchoServer, without its newline. Errors: kCorrupt.
base::Result<Reply> parse_reply(const std::string& line);

struct ClientOptions {
  // For connecting, and for each answer. Generous: the lab may be an emulated processor.
  base::Duration timeout = std::chrono::seconds(10);
  // The address to send from, where the client has several; the port, where a test needs one flow.
  std::optional<base::IpAddress> source = std::nullopt;
  base::Port source_port = 0;
};

// A client's connection to an EchoServer, or a UDP flow to one.
//
// Errors: kUnavailable with the errno: ECONNREFUSED (nobody listens), ETIMEDOUT (no answer in
// time), ECONNRESET (the connection was ended), EHOSTUNREACH and others as the kernel gives them.
// Threading: one owner.
class Connection {
 public:
  static base::Result<Connection> open(const Namespace& from, const Target& to,
                                       ClientOptions options = {});
  // Sends one line and waits for its answer.
  base::Result<Reply> ask(std::string_view text = "hello");
  // The address and port it sends from.
  SocketAddress local() const;

 private:
  Connection(base::UniqueFd socket, Target to, base::Duration timeout)
      : socket_(std::move(socket)), to_(to), timeout_(timeout) {}
  base::Status await(short events, base::TimePoint deadline) const;
  base::Status connect_socket() const;

  base::UniqueFd socket_;
  Target to_;
  base::Duration timeout_;
};

// One request on a new connection.
base::Result<Reply> request(const Namespace& from, const Target& to, ClientOptions options = {});

// How many of `count` requests, each on a new connection, each server answered, by server name. The
// first failure ends it.
base::Result<std::map<std::string, int>> spread(const Namespace& from, const Target& to, int count,
                                                ClientOptions options = {});

}  // namespace lab

#endif  // IPVS_AGENT_TESTS_LAB_CLIENT_H_
