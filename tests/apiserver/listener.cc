#include "tests/apiserver/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace apiserver {
namespace {

struct HostPort {
  std::string host;
  std::string port;
};

HostPort split(const std::string& address) {
  auto colon = address.rfind(':');
  if (colon == std::string::npos) return {address, "0"};
  HostPort parts{address.substr(0, colon), address.substr(colon + 1)};
  if (parts.host.size() > 1 && parts.host.front() == '[') {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  }
  return parts;
}

std::string name_of(int socket) {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (getsockname(socket, address, &length) != 0 ||
      getnameinfo(address, length, host, sizeof(host), port, sizeof(port),
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "";
  }
  std::string text = host;
  if (text.find(':') != std::string::npos) text = "[" + text + "]";
  return text + ":" + port;
}

}  // namespace

Listener::Listener(std::string address, Serve serve)
    : wanted_(std::move(address)), serve_(std::move(serve)) {}

Listener::~Listener() { stop(); }

base::Status Listener::start() {
  {
    std::lock_guard lock(mutex_);
    base::Status opened = open();
    if (!opened) return opened;
  }
  thread_ = std::thread([this] { run(); });
  return {};
}

void Listener::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (Client& client : clients_) {
      if (client.connection != nullptr) client.connection->abort(Connection::Abort::kClose);
    }
  }
  wake_.notify();
  if (thread_.joinable()) thread_.join();
  for (Client& client : clients_) client.thread.join();
  clients_.clear();
  socket_.reset();
}

void Listener::use_tls(TlsFiles files) {
  std::lock_guard lock(mutex_);
  tls_ = std::move(files);
}

std::string Listener::address() const {
  std::lock_guard lock(mutex_);
  return bound_;
}

base::Status Listener::open() {
  HostPort parts = split(bound_.empty() ? wanted_ : bound_);
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(parts.host.c_str(), parts.port.c_str(), &hints, &found) != 0) {
    return {base::Code::kInvalidArgument,
            "listen on '" + wanted_ +
                "': want ADDRESS:PORT with a numeric address, such as "
                "127.0.0.1:6443 or [::1]:6443"};
  }
  base::UniqueFd socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  int on = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  bool bound =
      bind(socket.get(), found->ai_addr, found->ai_addrlen) == 0 && listen(socket.get(), 128) == 0;
  int error = errno;
  freeaddrinfo(found);
  if (!bound) return base::Status::from_errno(error, "listen on " + wanted_);
  bound_ = name_of(socket.get());
  socket_ = std::move(socket);
  return {};
}

void Listener::run() {
  for (;;) {
    pollfd polled[2] = {{-1, POLLIN, 0}, {wake_.fd(), POLLIN, 0}};
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
      if (!ignoring_) polled[0].fd = socket_.get();
      reap();
    }
    poll(polled, 2, 1000);
    if (polled[1].revents != 0) wake_.clear();
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    if (polled[0].revents == 0 || !socket_ || ignoring_) continue;
    base::UniqueFd accepted(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!accepted) continue;
    int on = 1;
    setsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    Client& client = clients_.emplace_back();
    client.connection = std::make_unique<Connection>(std::move(accepted), tls_ ? &*tls_ : nullptr);
    client.thread = std::thread([this, &client] { serve_client(client); });
  }
}

void Listener::serve_client(Client& client) {
  // OpenSSL writes with write(2): a client that has gone must be an error, not a signal.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  if (client.connection->shake_hands()) serve_(*client.connection);
  std::unique_ptr<Connection> ended;
  {
    std::lock_guard lock(mutex_);
    ended = std::move(client.connection);
    client.done = true;
  }
  wake_.notify();
}

// Joins the threads that are done. The mutex is held.
void Listener::reap() {
  for (auto client = clients_.begin(); client != clients_.end();) {
    if (client->done) {
      client->thread.join();
      client = clients_.erase(client);
    } else {
      ++client;
    }
  }
}

void Listener::refuse() {
  {
    std::lock_guard lock(mutex_);
    socket_.reset();
  }
  wake_.notify();
}

base::Status Listener::accept_again() {
  base::Status opened;
  {
    std::lock_guard lock(mutex_);
    if (!socket_) opened = open();
  }
  wake_.notify();
  return opened;
}

void Listener::ignore(bool on) {
  {
    std::lock_guard lock(mutex_);
    ignoring_ = on;
  }
  wake_.notify();
}

void Listener::abort_all(Connection::Abort how) {
  std::lock_guard lock(mutex_);
  for (Client& client : clients_) {
    if (client.connection != nullptr) client.connection->abort(how);
  }
}

std::size_t Listener::connections() const {
  std::lock_guard lock(mutex_);
  std::size_t open = 0;
  for (const Client& client : clients_) open += client.connection != nullptr ? 1 : 0;
  return open;
}

}  // namespace apiserver
