#include "tests/lab/client.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <sstream>
#include <utility>

namespace lab {
namespace {

base::TimePoint now() { return std::chrono::steady_clock::now(); }

// A socket error as this file promises it, whatever Code its errno has elsewhere.
base::Status failure(int error, const std::string& context) {
  base::Status status = base::Status::from_errno(error, context);
  return base::Status(base::Code::kUnavailable, status.message(), error);
}

base::Result<base::UniqueFd> make_socket(const Target& to, const ClientOptions& options) {
  int type = to.protocol == base::Protocol::kUdp ? SOCK_DGRAM : SOCK_STREAM;
  base::UniqueFd socket(::socket(base::address_family(to.address.family()),
                                 type | SOCK_CLOEXEC | SOCK_NONBLOCK,
                                 static_cast<int>(to.protocol)));
  if (!socket) return failure(errno, "socket for " + to_string(to));
  int on = 1;
  if (!to.address.is_ipv4()) {
    // Otherwise an SCTP client would name its IPv4 addresses to an IPv6 server.
    setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  if (options.source || options.source_port != 0) {
    base::IpAddress any =
        to.address.is_ipv4() ? base::IpAddress() : base::IpAddress::from_bytes(in6addr_any.s6_addr);
    SocketAddress source = socket_address(options.source.value_or(any), options.source_port);
    if (to.protocol == base::Protocol::kTcp) {
      setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    if (bind(socket.get(), source.get(), source.length) != 0) {
      return failure(errno, "bind the source for " + to_string(to));
    }
  }
  return socket;
}

}  // namespace

base::Result<Reply> parse_reply(const std::string& line) {
  std::istringstream words(line);
  Reply reply;
  std::string address;
  words >> reply.server >> address >> reply.peer_port;
  words.get();
  std::getline(words, reply.text);
  base::Result<base::IpAddress> peer = base::IpAddress::parse(address);
  if (!peer) {
    return base::Status(base::Code::kCorrupt, "not an answer: '" + line + "'");
  }
  reply.peer = *peer;
  return reply;
}

base::Result<Connection> Connection::open(const Namespace& from, const Target& to,
                                          ClientOptions options) {
  base::Result<base::UniqueFd> socket = from.run([&] { return make_socket(to, options); });
  if (!socket) return socket.status().in("from " + from.name());
  Connection connection(std::move(*socket), to, options.timeout);
  base::Status connected = connection.connect_socket();
  if (!connected) return connected.in("from " + from.name());
  return connection;
}

base::Status Connection::connect_socket() const {
  SocketAddress address = socket_address(to_.address, to_.port);
  if (connect(socket_.get(), address.get(), address.length) == 0) return {};
  if (errno != EINPROGRESS) return failure(errno, "connect to " + to_string(to_));
  base::Status ready = await(POLLOUT, now() + timeout_);
  if (!ready) return ready.in("connect");
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  return error == 0 ? base::Status() : failure(error, "connect to " + to_string(to_));
}

base::Status Connection::await(short events, base::TimePoint deadline) const {
  pollfd waiting{socket_.get(), events, 0};
  auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now()).count();
  int ready = left > 0 ? poll(&waiting, 1, static_cast<int>(left)) : 0;
  return ready > 0 ? base::Status() : failure(ETIMEDOUT, to_string(to_));
}

base::Result<Reply> Connection::ask(std::string_view text) {
  std::string line(text);
  line += '\n';
  if (send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL) < 0) {
    return failure(errno, "send to " + to_string(to_));
  }
  base::TimePoint deadline = now() + timeout_;
  std::string answer;
  while (!answer.ends_with('\n')) {
    base::Status ready = await(POLLIN, deadline);
    if (!ready) return ready.in("no answer");
    char buffer[4096];
    ssize_t got = recv(socket_.get(), buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0) return failure(errno, "receive from " + to_string(to_));
    if (got == 0) return failure(ECONNRESET, "the end of " + to_string(to_));
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  answer.pop_back();
  base::Result<Reply> reply = parse_reply(answer);
  return reply ? reply : reply.status().in(to_string(to_));
}

SocketAddress Connection::local() const {
  SocketAddress address = empty_socket_address();
  getsockname(socket_.get(), address.get(), &address.length);
  return address;
}

base::Result<Reply> request(const Namespace& from, const Target& to, ClientOptions options) {
  base::Result<Connection> connection = Connection::open(from, to, options);
  if (!connection) return connection.status();
  return connection->ask();
}

base::Result<std::map<std::string, int>> spread(const Namespace& from, const Target& to, int count,
                                                ClientOptions options) {
  std::map<std::string, int> servers;
  for (int i = 0; i < count; ++i) {
    base::Result<Reply> reply = request(from, to, options);
    if (!reply) {
      return reply.status().in("request " + std::to_string(i + 1) + " of " + std::to_string(count));
    }
    ++servers[reply->server];
  }
  return servers;
}

}  // namespace lab
