#include "tests/lab/echo_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace lab {
namespace {

std::string peer_text(const SocketAddress& peer) {
  return peer.address().to_string() + " " + std::to_string(peer.port());
}

}  // namespace

base::Result<EchoServer::Listener> EchoServer::listen(const Target& target) {
  bool datagrams = target.protocol == base::Protocol::kUdp;
  base::UniqueFd socket(::socket(base::address_family(target.address.family()),
                                 (datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC,
                                 static_cast<int>(target.protocol)));
  if (!socket) return base::Status::from_errno(errno, "socket for " + to_string(target));
  int on = 1;
  // SCTP would share the port with another listener for it; there it is not needed.
  if (target.protocol != base::Protocol::kSctp) {
    setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  }
  if (!target.address.is_ipv4()) {
    setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  SocketAddress address = socket_address(target.address, target.port);
  if (bind(socket.get(), address.get(), address.length) != 0) {
    return base::Status::from_errno(errno, "bind " + to_string(target));
  }
  if (!datagrams && ::listen(socket.get(), 128) != 0) {
    return base::Status::from_errno(errno, "listen on " + to_string(target));
  }
  return Listener{target, std::move(socket)};
}

base::Result<std::unique_ptr<EchoServer>> EchoServer::start(const Namespace& where,
                                                            std::string name,
                                                            const std::vector<Target>& targets) {
  std::unique_ptr<EchoServer> server(new EchoServer(std::move(name)));
  base::Status bound = where.run([&]() -> base::Status {
    for (const Target& target : targets) {
      base::Result<Listener> listener = listen(target);
      if (!listener) return listener.status();
      server->listeners_.push_back(std::move(*listener));
    }
    return {};
  });
  if (!bound) return bound.in("server " + server->name_ + " in " + where.name());
  server->thread_ = std::thread([raw = server.get()] { raw->serve(); });
  return server;
}

EchoServer::~EchoServer() { stop(); }

void EchoServer::stop_listening() {
  stop_listening_ = true;
  wake_.notify();
  listening_.wait(true);
}

void EchoServer::stop() {
  stop_ = true;
  wake_.notify();
  if (thread_.joinable()) thread_.join();
}

void EchoServer::serve() {
  while (!stop_) {
    if (stop_listening_ && listening_) {
      listeners_.clear();
      listening_ = false;
      listening_.notify_all();
    }
    serve_once();
  }
  listeners_.clear();
  connections_.clear();
  open_connections_ = 0;
  listening_ = false;
  listening_.notify_all();
}

void EchoServer::serve_once() {
  std::vector<pollfd> waiting{{wake_.fd(), POLLIN, 0}};
  for (const Listener& listener : listeners_) waiting.push_back({listener.socket.get(), POLLIN, 0});
  for (const Connection& connection : connections_) {
    waiting.push_back({connection.socket.get(), POLLIN, 0});
  }
  poll(waiting.data(), waiting.size(), -1);
  wake_.clear();
  std::size_t next = 1 + listeners_.size();
  for (auto connection = connections_.begin(); connection != connections_.end();) {
    bool over = waiting[next++].revents != 0 && !answer_lines(*connection);
    connection = over ? connections_.erase(connection) : std::next(connection);
  }
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    if (waiting[1 + i].revents == 0) continue;
    if (listeners_[i].target.protocol == base::Protocol::kUdp) {
      answer_datagram(listeners_[i]);
    } else {
      accept_connection(listeners_[i]);
    }
  }
  open_connections_ = connections_.size();
}

void EchoServer::accept_connection(const Listener& listener) {
  SocketAddress peer = empty_socket_address();
  base::UniqueFd socket(
      accept4(listener.socket.get(), peer.get(), &peer.length, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (socket) connections_.push_back({std::move(socket), peer_text(peer), {}});
}

void EchoServer::answer_datagram(const Listener& listener) {
  char buffer[4096];
  SocketAddress peer = empty_socket_address();
  ssize_t got = recvfrom(listener.socket.get(), buffer, sizeof buffer, MSG_DONTWAIT, peer.get(),
                         &peer.length);
  if (got < 0) return;
  std::string reply = answer(peer_text(peer), {buffer, static_cast<std::size_t>(got)});
  sendto(listener.socket.get(), reply.data(), reply.size(), MSG_DONTWAIT, peer.get(), peer.length);
}

bool EchoServer::answer_lines(Connection& connection) {
  char buffer[4096];
  ssize_t got = recv(connection.socket.get(), buffer, sizeof buffer, 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  connection.pending.append(buffer, static_cast<std::size_t>(got));
  for (std::size_t end = 0; (end = connection.pending.find('\n')) != std::string::npos;) {
    std::string reply =
        answer(connection.peer, std::string_view(connection.pending).substr(0, end));
    connection.pending.erase(0, end + 1);
    if (send(connection.socket.get(), reply.data(), reply.size(), MSG_NOSIGNAL) < 0) return false;
  }
  return true;
}

std::string EchoServer::answer(const std::string& peer, std::string_view request) {
  while (request.ends_with('\n')) request.remove_suffix(1);
  ++requests_;
  return name_ + " " + peer + " " + std::string(request) + "\n";
}

}  // namespace lab
