#include "agent/http_server.h"

#include <microhttpd.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdarg>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "agent/listen_socket.h"
#include "base/event_fd.h"

namespace agent {
namespace {

using Clock = std::chrono::steady_clock;

// As long as no connection is taken once file descriptors or memory are used up.
constexpr std::chrono::milliseconds kPause(100);

struct DaemonStop {
  void operator()(MHD_Daemon* daemon) const { MHD_stop_daemon(daemon); }
};
using Daemon = std::unique_ptr<MHD_Daemon, DaemonStop>;

// Malformed requests are the clients' affair and no news.
void discard_message(void*, const char*, va_list) {}

void release_body(void* body) { delete static_cast<std::shared_ptr<const std::string>*>(body); }

MHD_Response* make_response(const HttpResponse& answer) {
  static const auto kEmpty = std::make_shared<const std::string>();
  auto body =
      std::make_unique<std::shared_ptr<const std::string>>(answer.body ? answer.body : kEmpty);
  const std::string& text = **body;
  MHD_Response* response = MHD_create_response_from_buffer_with_free_callback_cls(
      text.size(), const_cast<char*>(text.data()), release_body, body.get());
  if (response == nullptr) return nullptr;
  static_cast<void>(body.release());  // release_body() has it now
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.content_type.c_str());
  for (const auto& [name, value] : answer.headers) {
    MHD_add_response_header(response, name.c_str(), value.c_str());
  }
  return response;
}

// The port of ours that a client connected to; 0 where the connection is gone.
base::Port local_port(MHD_Connection* connection) {
  const MHD_ConnectionInfo* info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  if (info == nullptr) return 0;
  base::Result<ListenAddress> bound = bound_address(info->connect_fd);
  return bound ? bound->port : base::Port{0};
}

MHD_Result on_parameter(void* parameters, MHD_ValueKind, const char* name, const char* value) {
  static_cast<std::vector<std::pair<std::string, std::string>>*>(parameters)
      ->emplace_back(name, value == nullptr ? "" : value);
  return MHD_YES;
}

MHD_Result on_request(void* options, MHD_Connection* connection, const char* url,
                      const char* method, const char*, const char*, std::size_t* upload_size,
                      void** state) {
  // The first call comes with the head alone, others with pieces of the body, the last with none.
  if (*state == nullptr) {
    *state = options;
    return MHD_YES;
  }
  if (*upload_size > 0) {
    *upload_size = 0;
    return MHD_YES;
  }
  HttpRequest request{.method = method, .path = url, .port = local_port(connection)};
  MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, on_parameter, &request.parameters);
  const char* host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
  if (host != nullptr) request.host = host;
  HttpResponse answer = static_cast<const HttpServerOptions*>(options)->answer(request);
  MHD_Response* response = make_response(answer);
  if (response == nullptr) return MHD_NO;  // out of memory: the connection is closed
  MHD_Result queued =
      MHD_queue_response(connection, static_cast<unsigned>(answer.status), response);
  MHD_destroy_response(response);
  return queued;
}

}  // namespace

// One microhttpd daemon, which polls nothing by itself, and the sockets that feed it.
class HttpServer::Engine {
 public:
  explicit Engine(HttpServerOptions options)
      : options_(std::move(options)), listeners_(options_.on_listen, options_.retry_interval) {}

  ~Engine() { stop(); }

  base::Status start() {
    auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options_.idle_timeout).count();
    // The logger comes first: it is used while the other options are read.
    daemon_.reset(MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG, 0, nullptr, nullptr,
        on_request, &options_, MHD_OPTION_EXTERNAL_LOGGER, discard_message, nullptr,
        MHD_OPTION_CONNECTION_TIMEOUT, static_cast<unsigned>(std::max<std::int64_t>(seconds, 1)),
        MHD_OPTION_CONNECTION_LIMIT, options_.connection_limit, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        options_.connection_limit_per_client, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        options_.connection_memory, MHD_OPTION_END));
    if (!daemon_ || !listeners_.usable()) {
      return {base::Code::kResourceExhausted,
              "start an HTTP server: file descriptors or memory are used up"};
    }
    daemon_fd_ = MHD_get_daemon_info(daemon_.get(), MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    thread_ = std::jthread([this](const std::stop_token& stopped) { run(stopped); });
    return {};
  }

  void stop() {
    if (thread_.joinable()) {
      thread_.request_stop();
      wake_.notify();
      thread_.join();
    }
    daemon_.reset();
    listeners_.close_all();
  }

  base::Status listen(const ListenAddress& where) {
    base::Status status = listeners_.listen(where);
    if (!status.ok()) wake_.notify();  // the time of the next try has to be kept
    return status;
  }

  Listeners& listeners() { return listeners_; }

 private:
  void run(const std::stop_token& stopped) {
    std::optional<Clock::time_point> paused_until;
    while (!stopped.stop_requested()) {
      // Without listeners to look at while connections cannot be taken, the poll does not spin.
      std::array<pollfd, 3> entries = {
          {{.fd = wake_.fd(), .events = POLLIN, .revents = 0},
           {.fd = daemon_fd_, .events = POLLIN, .revents = 0},
           {.fd = paused_until ? -1 : listeners_.fd(), .events = POLLIN, .revents = 0}}};
      std::optional<Clock::time_point> until = listeners_.next_retry();
      if (paused_until) until = until ? std::min(*until, *paused_until) : paused_until;
      poll(entries.data(), entries.size(), milliseconds_until(until));
      if (entries[0].revents != 0) wake_.clear();
      if (paused_until && Clock::now() >= *paused_until) paused_until.reset();
      if (entries[2].revents != 0 && !take_connections()) paused_until = Clock::now() + kPause;
      MHD_run(daemon_.get());
      listeners_.retry_due();
    }
  }

  int milliseconds_until(const std::optional<Clock::time_point>& until) const {
    std::int64_t wait = -1;
    if (until) {
      auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now());
      wait = std::max<std::int64_t>(left.count(), 0);
    }
    MHD_UNSIGNED_LONG_LONG daemon_wait = 0;
    if (MHD_get_timeout(daemon_.get(), &daemon_wait) == MHD_YES) {
      auto bounded = static_cast<std::int64_t>(std::min(daemon_wait, 60'000ULL));
      wait = wait < 0 ? bounded : std::min(wait, bounded);
    }
    return static_cast<int>(std::min<std::int64_t>(wait, 60'000));
  }

  // False when file descriptors are used up.
  bool take_connections() {
    return listeners_.accept([this](Listeners::Connection connection) {
      // The daemon owns the socket now and closes it if it has too many.
      MHD_add_connection(daemon_.get(), connection.socket.release(),
                         reinterpret_cast<sockaddr*>(&connection.client), connection.client_length);
    });
  }

  HttpServerOptions options_;  // constant while the daemon runs
  base::EventFd wake_;
  Listeners listeners_;
  Daemon daemon_;
  int daemon_fd_ = -1;   // the daemon's own epoll
  std::jthread thread_;  // last: ends before what it uses
};

HttpServer::HttpServer(HttpServerOptions options)
    : engine_(std::make_unique<Engine>(std::move(options))) {}

HttpServer::~HttpServer() = default;

base::Status HttpServer::start() { return engine_->start(); }

void HttpServer::stop() { engine_->stop(); }

base::Status HttpServer::listen(const ListenAddress& where) { return engine_->listen(where); }

base::Status HttpServer::serve(base::UniqueFd listening) {
  return engine_->listeners().add(std::move(listening));
}

void HttpServer::close(const ListenAddress& where) { engine_->listeners().close(where); }

std::vector<ListenAddress> HttpServer::serving() const { return engine_->listeners().serving(); }

}  // namespace agent
