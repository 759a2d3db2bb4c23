#include "agent/listeners.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "agent/listen_socket.h"

namespace agent {
namespace {

using Clock = std::chrono::steady_clock;

// Connections taken from one address before the others have their turn.
constexpr int kAcceptsATurn = 32;
constexpr std::size_t kListenersATurn = 64;

bool used_up(int error_number) {
  return error_number == EMFILE || error_number == ENFILE || error_number == ENOBUFS ||
         error_number == ENOMEM;
}

}  // namespace

ListenObserver log_listening(std::string name, Log& log) {
  return [name = std::move(name), &log](const ListenAddress&,
                                        const base::Result<ListenAddress>& bound) {
    if (bound) {
      log.info("server listens", {{"server", name}, {"address", to_string(*bound)}});
    } else {
      log.error("server cannot listen", {{"server", name}, {"error", bound.status().message()}});
    }
  };
}

Listeners::Listeners(ListenObserver observer, base::Duration retry_interval)
    : observer_(std::move(observer)),
      retry_interval_(retry_interval),
      ready_(epoll_create1(EPOLL_CLOEXEC)) {}

base::Status Listeners::listen(const ListenAddress& where) {
  base::Result<ListenAddress> bound = ListenAddress{};
  {
    std::lock_guard lock(mutex_);
    auto [place, is_new] = listeners_.try_emplace(where);
    if (!is_new) return {};
    bound = open(where, place->second);
  }
  if (observer_) observer_(where, bound);
  return bound ? base::Status() : bound.status();
}

base::Status Listeners::add(base::UniqueFd listening) {
  std::lock_guard lock(mutex_);
  if (base::Status status = watch(listening.get()); !status.ok()) return status;
  given_.push_back(std::move(listening));
  return {};
}

void Listeners::close(const ListenAddress& where) {
  std::lock_guard lock(mutex_);
  auto place = listeners_.find(where);
  if (place == listeners_.end()) return;
  sockets_.erase(place->second.socket.get());
  listeners_.erase(place);  // the kernel takes a closed socket out of the epoll set
}

void Listeners::close_all() {
  std::lock_guard lock(mutex_);
  sockets_.clear();
  listeners_.clear();
  given_.clear();
}

std::vector<ListenAddress> Listeners::serving() const {
  std::lock_guard lock(mutex_);
  std::vector<ListenAddress> addresses;
  for (const auto& [wanted, listener] : listeners_) {
    if (listener.socket) addresses.push_back(listener.bound);
  }
  return addresses;
}

// With mutex_ held.
base::Result<ListenAddress> Listeners::open(const ListenAddress& where, Listener& listener) {
  listener.retry = Clock::now() + retry_interval_;
  base::Result<base::UniqueFd> socket = listen_on(where);
  if (!socket) return socket.status();
  base::Result<ListenAddress> bound = bound_address(socket->get());
  if (!bound) return bound;
  if (base::Status status = watch(socket->get()); !status.ok()) {
    return status.in("listen on " + to_string(where));
  }
  listener.socket = *std::move(socket);
  listener.bound = *bound;
  return bound;
}

// With mutex_ held.
base::Status Listeners::watch(int socket) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = socket;
  if (epoll_ctl(ready_.get(), EPOLL_CTL_ADD, socket, &event) != 0) {
    return base::Status::from_errno(errno, "watch a socket");
  }
  sockets_.insert(socket);
  return {};
}

// Whether every listener has its socket. With mutex_ held.
bool Listeners::complete() const { return sockets_.size() == listeners_.size() + given_.size(); }

std::optional<Listeners::Time> Listeners::next_retry() const {
  std::lock_guard lock(mutex_);
  std::optional<Time> next;
  if (complete()) return next;
  for (const auto& [wanted, listener] : listeners_) {
    if (!listener.socket) next = next ? std::min(*next, listener.retry) : listener.retry;
  }
  return next;
}

void Listeners::retry_due() {
  std::vector<std::pair<ListenAddress, base::Result<ListenAddress>>> opened;
  {
    std::lock_guard lock(mutex_);
    if (complete()) return;
    Time now = Clock::now();
    for (auto& [wanted, listener] : listeners_) {
      if (listener.socket || listener.retry > now) continue;
      base::Result<ListenAddress> bound = open(wanted, listener);
      if (bound) opened.emplace_back(wanted, std::move(bound));
    }
  }
  if (!observer_) return;
  for (const auto& [wanted, bound] : opened) observer_(wanted, bound);
}

bool Listeners::accept(const std::function<void(Connection)>& take) {
  std::array<epoll_event, kListenersATurn> events{};
  int count = epoll_wait(ready_.get(), events.data(), events.size(), 0);
  for (int i = 0; i < count; ++i) {
    for (int taken = 0; taken < kAcceptsATurn; ++taken) {
      Connection connection = accept_at(events[static_cast<std::size_t>(i)].data.fd);
      if (!connection.socket && used_up(errno)) return false;
      if (!connection.socket) break;
      take(std::move(connection));
    }
  }
  return true;
}

// Without a socket where there is nobody, for the reason in errno. Under the lock: the number of a
// socket that was closed meanwhile may be another file's now.
Listeners::Connection Listeners::accept_at(int listener) const {
  Connection taken;
  std::lock_guard lock(mutex_);
  if (!sockets_.contains(listener)) {
    errno = EBADF;
    return taken;
  }
  taken.socket = base::UniqueFd(accept4(listener, reinterpret_cast<sockaddr*>(&taken.client),
                                        &taken.client_length, SOCK_CLOEXEC | SOCK_NONBLOCK));
  return taken;
}

}  // namespace agent
