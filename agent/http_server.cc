#include "agent/http_server.h"

#include <microhttpd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdarg>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>
#include <thread>

#include "agent/listen_socket.h"

namespace agent {
namespace {

// Head of a request and buffer of an answer, for each connection.
constexpr std::size_t kConnectionMemory = 32768;  // bytes

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

HttpResponse plain_answer(int status, std::string text) {
  HttpResponse answer;
  answer.status = status;
  answer.body = std::make_shared<const std::string>(std::move(text));
  return answer;
}

HttpResponse answer_to(const HttpServerOptions& options, std::string_view method,
                       const std::string& path) {
  auto route = options.routes.find(path);
  if (route == options.routes.end()) {
    std::string text = "404 not found; there is:\n";
    for (const auto& [known, make] : options.routes) text += known + "\n";
    return plain_answer(MHD_HTTP_NOT_FOUND, text);
  }
  if (method != MHD_HTTP_METHOD_GET && method != MHD_HTTP_METHOD_HEAD) {
    HttpResponse answer = plain_answer(MHD_HTTP_METHOD_NOT_ALLOWED, "405 only GET and HEAD\n");
    answer.headers.emplace_back(MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    return answer;
  }
  return route->second();
}

MHD_Result on_request(void* options, MHD_Connection* connection, const char* url,
                      const char* method, const char*, const char*, std::size_t*, void**) {
  HttpResponse answer = answer_to(*static_cast<const HttpServerOptions*>(options), method, url);
  MHD_Response* response = make_response(answer);
  if (response == nullptr) return MHD_NO;  // out of memory: the connection is closed
  MHD_Result queued =
      MHD_queue_response(connection, static_cast<unsigned>(answer.status), response);
  MHD_destroy_response(response);
  return queued;
}

}  // namespace

// The daemons of a server, one for each address.
class HttpServer::Listeners {
 public:
  Listeners(HttpServerOptions options, Log& log) : options_(std::move(options)), log_(log) {
    for (const ListenAddress& address : options_.addresses) listeners_.push_back({address, {}, {}});
  }

  base::Status start(bool hard_fail) {
    base::Status first = open_missing(/*report_each=*/true);
    if (first.ok()) return first;
    if (hard_fail) {
      stop();
    } else if (!retry_.joinable()) {
      retry_ = std::jthread([this](const std::stop_token& stopped) { retry(stopped); });
    }
    return first;
  }

  void stop() {
    retry_ = {};
    std::lock_guard lock(mutex_);
    for (Listener& listener : listeners_) {
      listener.daemon.reset();
      listener.bound.reset();
    }
  }

  std::vector<ListenAddress> serving() const {
    std::lock_guard lock(mutex_);
    std::vector<ListenAddress> addresses;
    for (const Listener& listener : listeners_) {
      if (listener.bound) addresses.push_back(*listener.bound);
    }
    return addresses;
  }

 private:
  struct Listener {
    ListenAddress wanted;
    Daemon daemon;  // null while it could not be opened
    std::optional<ListenAddress> bound;
  };

  // Opens what is not open; the first failure.
  base::Status open_missing(bool report_each) {
    std::lock_guard lock(mutex_);
    base::Status first;
    for (Listener& listener : listeners_) {
      if (listener.daemon) continue;
      base::Status opened = open(listener);
      if (opened.ok()) {
        log_.info("server listens",
                  {{"server", options_.name}, {"address", to_string(*listener.bound)}});
        continue;
      }
      if (report_each) {
        log_.error("server cannot listen",
                   {{"server", options_.name}, {"error", opened.message()}});
      }
      if (first.ok()) first = opened.in(options_.name + " server");
    }
    return first;
  }

  base::Status open(Listener& listener) {
    base::Result<base::UniqueFd> socket = listen_on(listener.wanted);
    if (!socket) return socket.status();
    base::Result<ListenAddress> bound = bound_address(*socket);
    if (!bound) return bound.status();
    auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options_.idle_timeout).count();
    // The logger comes first: it is used while the other options are read.
    Daemon daemon(MHD_start_daemon(
        MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ERROR_LOG, 0, nullptr, nullptr, on_request,
        &options_, MHD_OPTION_EXTERNAL_LOGGER, discard_message, nullptr, MHD_OPTION_LISTEN_SOCKET,
        socket->get(), MHD_OPTION_CONNECTION_TIMEOUT,
        static_cast<unsigned>(std::max<std::int64_t>(seconds, 1)), MHD_OPTION_CONNECTION_LIMIT,
        options_.connection_limit, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        options_.connection_limit_per_client, MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionMemory,
        MHD_OPTION_END));
    if (!daemon) {
      return base::Status(base::Code::kResourceExhausted,
                          "serve " + to_string(*bound) +
                              ": the server thread could not be started (threads or file "
                              "descriptors are used up)");
    }
    static_cast<void>(socket->release());  // MHD_stop_daemon() closes it
    listener.daemon = std::move(daemon);
    listener.bound = *bound;
    return {};
  }

  void retry(const std::stop_token& stopped) {
    std::mutex waiting;
    std::condition_variable_any wake;
    std::unique_lock lock(waiting);
    while (!wake.wait_for(lock, stopped, options_.retry_interval, [] { return false; })) {
      if (stopped.stop_requested() || open_missing(/*report_each=*/false).ok()) return;
    }
  }

  HttpServerOptions options_;  // constant while a daemon runs
  Log& log_;
  mutable std::mutex mutex_;  // guards listeners_; server threads never take it
  std::vector<Listener> listeners_;
  std::jthread retry_;  // last: ends before what it uses
};

HttpServer::HttpServer(HttpServerOptions options, Log& log)
    : listeners_(std::make_unique<Listeners>(std::move(options), log)) {}

HttpServer::~HttpServer() { stop(); }

base::Status HttpServer::start(bool hard_fail) { return listeners_->start(hard_fail); }

void HttpServer::stop() { listeners_->stop(); }

std::vector<ListenAddress> HttpServer::serving() const { return listeners_->serving(); }

}  // namespace agent
