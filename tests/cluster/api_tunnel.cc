#include "tests/cluster/api_tunnel.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <optional>
#include <vector>

namespace cluster {
namespace {

using base::Port;
using base::Result;
using base::Status;
using base::UniqueFd;

constexpr std::size_t kBufferLimit = 65'536;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

SocketAddress socket_address(const base::IpAddress& address, Port port) {
  SocketAddress result;
  if (address.is_ipv4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::copy(address.bytes().begin(), address.bytes().end(),
              reinterpret_cast<std::uint8_t*>(&in.sin_addr));
    *reinterpret_cast<sockaddr_in*>(&result.storage) = in;
    result.size = sizeof(in);
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    std::copy(address.bytes().begin(), address.bytes().end(), in.sin6_addr.s6_addr);
    *reinterpret_cast<sockaddr_in6*>(&result.storage) = in;
    result.size = sizeof(in);
  }
  return result;
}

// A listening socket on 127.0.0.1 of the calling thread's namespace, and its port.
Result<std::pair<UniqueFd, Port>> listen_here(Port port) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return Status::from_errno(errno, "make a socket for the API tunnel");
  int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  constexpr std::array<std::uint8_t, 4> kLoopback{127, 0, 0, 1};
  SocketAddress address = socket_address(base::IpAddress::from_bytes(kLoopback), port);
  auto* generic = reinterpret_cast<sockaddr*>(&address.storage);
  if (bind(fd.get(), generic, address.size) != 0 || listen(fd.get(), 64) != 0 ||
      getsockname(fd.get(), generic, &address.size) != 0) {
    return Status::from_errno(
        errno, "listen on 127.0.0.1:" + std::to_string(port) + " for the API tunnel");
  }
  return std::pair(std::move(fd),
                   ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port));
}

// The same inside another namespace, entered by a thread that then ends.
Result<std::pair<UniqueFd, Port>> listen_in(const std::string& path, Port port) {
  UniqueFd name(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!name) return Status::from_errno(errno, "open the network namespace " + path);
  std::optional<Result<std::pair<UniqueFd, Port>>> result;
  std::thread([&] {
    if (setns(name.get(), CLONE_NEWNET) != 0) {
      result.emplace(Status::from_errno(errno, "enter the network namespace " + path));
    } else {
      result.emplace(listen_here(port));
    }
  }).join();
  return *std::move(result);
}

void reset(UniqueFd& fd) {
  linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  fd.reset();
}

}  // namespace

struct ApiTunnel::Connection {
  struct Direction {
    std::string buffer;
    bool ended = false;   // the source will send nothing more
    bool closed = false;  // and the destination was told
  };
  // Two ends; direction i carries what end i sends.
  std::array<UniqueFd, 2> ends;
  std::array<Direction, 2> directions;

  short wanted(int end) const {
    const Direction& out = directions[end];
    const Direction& in = directions[1 - end];
    bool reads = !out.ended && out.buffer.size() < kBufferLimit;
    return static_cast<short>((reads ? POLLIN : 0) | (in.buffer.empty() ? 0 : POLLOUT));
  }

  // Moves what it can; false when the connection is over.
  bool move(int from) {
    Direction& direction = directions[from];
    std::array<char, 16'384> chunk;
    while (!direction.ended && direction.buffer.size() < kBufferLimit) {
      ssize_t got = recv(ends[from].get(), chunk.data(), chunk.size(), 0);
      if (got > 0) {
        direction.buffer.append(chunk.data(), static_cast<std::size_t>(got));
      } else if (got == 0) {
        direction.ended = true;
      } else if (errno == EAGAIN || errno == EINTR) {
        break;
      } else {
        return false;
      }
    }
    while (!direction.buffer.empty()) {
      ssize_t sent = send(ends[1 - from].get(), direction.buffer.data(), direction.buffer.size(),
                          MSG_NOSIGNAL);
      if (sent < 0 && (errno == EAGAIN || errno == EINTR)) break;
      if (sent < 0) return false;
      direction.buffer.erase(0, static_cast<std::size_t>(sent));
    }
    if (direction.ended && direction.buffer.empty() && !direction.closed) {
      shutdown(ends[1 - from].get(), SHUT_WR);
      direction.closed = true;
    }
    return !(directions[0].closed && directions[1].closed);
  }

  void reset_both() {
    reset(ends[0]);
    reset(ends[1]);
  }
};

Result<std::unique_ptr<ApiTunnel>> ApiTunnel::open(const Options& options) {
  auto target = base::IpAddress::parse(options.target_host);
  if (!target.ok()) return target.status().in("the API tunnel's target");
  auto listener = options.listen_namespace.empty()
                      ? listen_here(options.listen_port)
                      : listen_in(options.listen_namespace, options.listen_port);
  if (!listener.ok()) return listener.status();
  return std::unique_ptr<ApiTunnel>(
      new ApiTunnel(*target, options.target_port, std::move(listener->first), listener->second));
}

ApiTunnel::ApiTunnel(base::IpAddress target, Port target_port, UniqueFd listener, Port port)
    : target_(target), target_port_(target_port), listener_(std::move(listener)), port_(port) {
  thread_ = std::thread([this] { run(); });
}

ApiTunnel::~ApiTunnel() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify();
  thread_.join();
}

void ApiTunnel::cut() {
  std::lock_guard lock(mutex_);
  for (Connection& connection : connections_) connection.reset_both();
  connections_.clear();
  ++changes_;
  wake_.notify();
}

void ApiTunnel::refuse(bool on) {
  std::lock_guard lock(mutex_);
  refusing_ = on;
}

void ApiTunnel::freeze(bool on) {
  std::lock_guard lock(mutex_);
  frozen_ = on;
  ++changes_;
  wake_.notify();
}

int ApiTunnel::accepted() const {
  std::lock_guard lock(mutex_);
  return accepted_;
}

void ApiTunnel::accept_one() {
  UniqueFd client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!client) return;
  UniqueFd server;
  if (!refusing_) {
    SocketAddress address = socket_address(target_, target_port_);
    server.reset(socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    timeval patience{.tv_sec = 5, .tv_usec = 0};  // connect(2) honours it on Linux
    setsockopt(server.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (connect(server.get(), reinterpret_cast<sockaddr*>(&address.storage), address.size) != 0) {
      server.reset();
    }
  }
  if (!server) {
    reset(client);
    return;
  }
  fcntl(server.get(), F_SETFL, O_NONBLOCK);
  ++accepted_;
  connections_.push_back({{std::move(client), std::move(server)}, {}});
}

void ApiTunnel::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    std::vector<pollfd> waits{{wake_.fd(), POLLIN, 0}};
    if (!frozen_) {
      waits.push_back({listener_.get(), POLLIN, 0});
      for (const Connection& connection : connections_) {
        for (int end : {0, 1}) {
          // Without a wish no wait: a peer that hung up would be reported without end.
          short wanted = connection.wanted(end);
          waits.push_back({wanted != 0 ? connection.ends[end].get() : -1, wanted, 0});
        }
      }
    }
    const std::uint64_t before = changes_;
    lock.unlock();
    poll(waits.data(), waits.size(), -1);
    lock.lock();
    wake_.clear();
    if (changes_ != before || frozen_) continue;
    auto result = waits.begin() + 2;
    for (auto i = connections_.begin(); i != connections_.end();) {
      bool active = result[0].revents != 0 || result[1].revents != 0;
      result += 2;
      if (active && (!i->move(0) || !i->move(1))) {
        i->reset_both();
        i = connections_.erase(i);
      } else {
        ++i;
      }
    }
    if (waits[1].revents != 0) accept_one();
  }
}

}  // namespace cluster
