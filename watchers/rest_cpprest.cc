#include "watchers/rest_cpprest.h"

#include <cpprest/http_client.h>
#include <openssl/ssl.h>
#include <pplx/threadpool.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <future>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "watchers/credentials.h"
#include "watchers/rest_cpprest_clients.h"
#include "watchers/rest_cpprest_sink.h"
#include "watchers/rest_exchange.h"

namespace watchers {
namespace {

using boost::asio::ip::tcp;

boost::asio::io_service& pool() {
  static const bool kOneThread = [] {
    // NOLINTBEGIN(concurrency-mt-unsafe): before other threads run, see the class comment.
    setenv("SSL_CERT_FILE", "/dev/null", 1);
    setenv("SSL_CERT_DIR", "/nonexistent", 1);
    // NOLINTEND(concurrency-mt-unsafe)
    // What is begun first ends last when the process ends: the thread, which may be in the midst of
    // a handshake or a close then, has to end before OpenSSL clears away what it uses.
    OPENSSL_init_ssl(0, nullptr);
    crossplat::threadpool::initialize_with_threads(1);
    return true;
  }();
  static_cast<void>(kOneThread);
  return crossplat::threadpool::shared_instance().service();
}

// Longer than anything lasts but the search for a name.
constexpr std::chrono::seconds kEndPatience(2);

// Waits until the pool's thread has done what it has to do now.
void let_pool_catch_up() {
  auto reached = std::make_shared<std::promise<void>>();
  pool().post([reached] { reached->set_value(); });
  static_cast<void>(reached->get_future().wait_for(kEndPatience));
}

base::Status cancelled() { return {base::Code::kCancelled, "the request was cancelled"}; }

ResponseHead head_of(const web::http::http_response& response) {
  ResponseHead head;
  head.status = response.status_code();
  response.headers().match(web::http::header_names::content_type, head.content_type);
  std::string text;
  int seconds = 0;
  if (response.headers().match(web::http::header_names::retry_after, text) &&
      std::from_chars(text.data(), text.data() + text.size(), seconds).ec == std::errc() &&
      seconds > 0) {
    head.retry_after = std::chrono::seconds(seconds);
  }
  return head;
}

}  // namespace

// The requests of one client. Its own methods are for the callers' threads; what they post runs on
// the pool's thread, which alone touches clients_. What the library has yet to call back for keeps
// it alive.
class CpprestClient::Requests : public std::enable_shared_from_this<Requests> {
 public:
  Requests(const ClusterAccess& access, const base::Clock& clock)
      : server_(access.server),
        server_name_(access.tls_server_name),
        literal_(base::IpAddress::parse(access.server.host).ok()),
        token_(access.token, access.token_file, clock),
        clients_(access) {
    pool();
  }
  Requests(const Requests&) = delete;
  Requests& operator=(const Requests&) = delete;
  ~Requests() { gone_.set_value(); }

  // Ready once no request is left, not even in the library. To be called once.
  std::future<void> gone() { return gone_.get_future(); }

  base::Result<Response> ask(const std::string& path, const RequestOptions& options,
                             const std::optional<std::string>& json) {
    std::string url = server_.to_string() + path;
    base::Result<std::string> token = token_.current();
    if (!token) return token.status().in(url);
    for (bool again = false;; again = true) {
      auto exchange = std::make_shared<Exchange>(path, options, *token, json);
      pplx::cancellation_token_source source;
      // Only the pool's thread may close a connection.
      exchange->on_cancel([source] { pool().post([source] { source.cancel(); }); });
      if (!add(exchange)) return cancelled().in(url);
      pool().post([self = shared_from_this(), exchange, ends = source.get_token()] {
        self->resolve(exchange, ends);
      });
      base::Result<ResponseHead> head = exchange->wait_for_head();
      if (!head) return head.status().in(url);
      if (head->status == 401) {
        pool().post([self = shared_from_this()] { self->clients_.clear(); });
        token_.refused(*token);
        base::Result<std::string> fresh = token_.current();
        if (!again && fresh && *fresh != *token) {
          exchange->cancel();
          token = std::move(fresh);
          continue;
        }
      }
      return Response{*head, std::make_unique<ExchangeBody>(exchange, std::move(url))};
    }
  }

  void shut_down() {
    std::vector<std::shared_ptr<Exchange>> running;
    {
      std::lock_guard lock(mutex_);
      shut_down_ = true;
      for (const auto& known : running_) {
        if (auto exchange = known.lock()) running.push_back(std::move(exchange));
      }
      running_.clear();
    }
    for (const auto& exchange : running) exchange->cancel();
    pool().post([self = shared_from_this()] { self->clients_.clear(); });
  }

 private:
  using KnownExchange = std::weak_ptr<Exchange>;

  bool add(const std::shared_ptr<Exchange>& exchange) {
    std::lock_guard lock(mutex_);
    if (shut_down_) return false;
    std::erase_if(running_, [](const KnownExchange& known) { return known.expired(); });
    running_.push_back(exchange);
    return true;
  }

  // The family of a name's first address is needed before the library looks it up itself.
  void resolve(const std::shared_ptr<Exchange>& exchange, const pplx::cancellation_token& ends) {
    if (literal_) return send(exchange, ends);
    auto resolver = std::make_shared<tcp::resolver>(pool());
    resolver->async_resolve(
        server_.host, std::to_string(server_.port),
        [self = shared_from_this(), resolver, exchange, ends](
            const boost::system::error_code& error, const tcp::resolver::results_type& found) {
          if (error || found.empty()) {
            return exchange->fail(
                {base::Code::kUnavailable,
                 "cannot find the address of " + self->server_.host + ": " + error.message()});
          }
          self->clients_.connect_by_ipv6(found.begin()->endpoint().address().is_v6());
          self->send(exchange, ends);
        });
  }

  void send(const std::shared_ptr<Exchange>& exchange, const pplx::cancellation_token& ends) {
    try {
      web::http::http_request request(exchange->sent ? web::http::methods::POST
                                                     : web::http::methods::GET);
      if (exchange->sent) request.set_body(*exchange->sent, "application/json");
      request.set_request_uri(web::uri(exchange->path));
      web::http::http_headers& headers = request.headers();
      headers.add("Accept", exchange->options.accept);
      headers.add("User-Agent", "ipvs-agent");
      if (!exchange->token.empty()) headers.add("Authorization", "Bearer " + exchange->token);
      // The library takes the name for SNI and its check of the certificate from here.
      if (!server_name_.empty()) headers.add("Host", server_name_);
      request.set_response_stream(body_sink(exchange));
      clients_.client_for(exchange->options)
          .request(request, ends)
          .then([self = shared_from_this(),
                 exchange](const pplx::task<web::http::http_response>& answer) {
            self->receive(exchange, answer);
          });
    } catch (...) {
      exchange->fail(clients_.failure(exchange->options));
    }
  }

  void receive(const std::shared_ptr<Exchange>& exchange,
               const pplx::task<web::http::http_response>& answer) {
    try {
      web::http::http_response response = answer.get();
      exchange->begin(head_of(response));
      response.content_ready().then(
          [self = shared_from_this(), exchange](const pplx::task<web::http::http_response>& whole) {
            try {
              whole.get();
              exchange->body.finish({});
            } catch (...) {
              exchange->body.finish(self->clients_.failure(exchange->options));
            }
          });
    } catch (...) {
      exchange->fail(clients_.failure(exchange->options));
    }
  }

  const ServerUrl server_;
  const std::string server_name_;
  const bool literal_;  // the URL's host is an address
  BearerToken token_;
  CpprestClients clients_;

  std::promise<void> gone_;
  std::mutex mutex_;
  bool shut_down_ = false;
  std::vector<KnownExchange> running_;
};

CpprestClient::CpprestClient(const ClusterAccess& access, const base::Clock& clock)
    : requests_(std::make_shared<Requests>(access, clock)) {}

CpprestClient::~CpprestClient() {
  requests_->shut_down();
  std::future<void> gone = requests_->gone();
  requests_.reset();
  if (gone.wait_for(kEndPatience) != std::future_status::ready) return;
  // Connections that close end their operations, whose ends are a turn of the thread's of their
  // own.
  let_pool_catch_up();
  let_pool_catch_up();
}

base::Result<Response> CpprestClient::get(const std::string& path, const RequestOptions& options) {
  return requests_->ask(path, options, std::nullopt);
}

base::Result<Response> CpprestClient::post(const std::string& path, const std::string& json,
                                           const RequestOptions& options) {
  return requests_->ask(path, options, json);
}

void CpprestClient::shut_down() { requests_->shut_down(); }

}  // namespace watchers
