#include "watchers/rest_cpprest_clients.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <exception>

#include "base/ip_address.h"
#include "watchers/rest_keepalive.h"
#include "watchers/rest_tls.h"

namespace watchers {
namespace {

using boost::asio::ip::tcp;
using web::http::client::http_client;
using web::http::client::http_client_config;

constexpr base::Duration kDefaultIdleTimeout = std::chrono::seconds(95);

// Carries a Status through the library, out of a callback that it calls.
struct StatusException : std::exception {
  explicit StatusException(base::Status why) : status(std::move(why)) {}
  const char* what() const noexcept override { return status.message().c_str(); }
  base::Status status;
};

std::string seconds_text(base::Duration duration) {
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

// The library calls back before the socket exists; opened here, it is used by the library as it is.
void open_with_keepalive(tcp::socket& socket, const tcp& protocol) {
  boost::system::error_code error;
  if (!socket.is_open()) socket.open(protocol, error);
  if (!error) keep_alive(socket.native_handle());
}

base::Duration idle_timeout(const RequestOptions& options) {
  return options.idle_timeout > base::Duration::zero() ? options.idle_timeout : kDefaultIdleTimeout;
}

}  // namespace

// What callbacks inside the library need; it lives as long as any of its connections.
struct CpprestClients::Connecting {
  explicit Connecting(const ClusterAccess& access) : tls(access) {}
  TlsSetup tls;
  std::atomic<bool> ipv6 = false;  // of the address that the next connection goes to
};

CpprestClients::CpprestClients(const ClusterAccess& access)
    : server_(access.server), connecting_(std::make_shared<Connecting>(access)) {
  connect_by_ipv6(server_.host.find(':') != std::string::npos);
}

http_client& CpprestClients::client_for(const RequestOptions& options) {
  constexpr std::size_t kMostClients = 8;
  base::Duration idle = idle_timeout(options);
  auto key = std::pair(idle, options.compressed);
  auto known = clients_.find(key);
  if (known != clients_.end()) return known->second;
  if (clients_.size() >= kMostClients) clients_.clear();

  http_client_config config;
  config.set_timeout(std::chrono::duration_cast<std::chrono::microseconds>(idle));
  config.set_max_redirects(0);
  config.set_request_compressed_response(options.compressed);
  // Server names are for names; an address in their place is against RFC 6066.
  config.set_tlsext_sni_enabled(!base::IpAddress::parse(connecting_->tls.expected_name()).ok());
  config.set_ssl_context_callback([connecting = connecting_](boost::asio::ssl::context& context) {
    base::Status status = connecting->tls.apply(context.native_handle());
    if (!status.ok()) throw StatusException(std::move(status));
  });
  config.set_nativehandle_options(
      [connecting = connecting_, tls = server_.tls](web::http::client::native_handle handle) {
        tcp::socket& socket =
            tls ? static_cast<boost::asio::ssl::stream<tcp::socket&>*>(handle)->next_layer()
                : *static_cast<tcp::socket*>(handle);
        open_with_keepalive(socket, connecting->ipv6 ? tcp::v6() : tcp::v4());
      });
  // The library wants IPv6 addresses without brackets.
  web::uri base(std::string(server_.tls ? "https://" : "http://") + server_.host + ":" +
                std::to_string(server_.port) + server_.path);
  return clients_.try_emplace(key, base, config).first->second;
}

void CpprestClients::clear() { clients_.clear(); }

void CpprestClients::connect_by_ipv6(bool ipv6) { connecting_->ipv6 = ipv6; }

base::Status CpprestClients::failure(const RequestOptions& options) const {
  try {
    throw;
  } catch (const StatusException& error) {
    return error.status;
  } catch (const web::http::http_exception& error) {
    int code = error.error_code().value();
    if (is_openssl_error(static_cast<unsigned int>(code))) {
      return connecting_->tls.explain(static_cast<unsigned int>(code));
    }
    if (code == ETIMEDOUT) {
      return {base::Code::kUnavailable,
              "the server was silent for " + seconds_text(idle_timeout(options)), ETIMEDOUT};
    }
    std::string text = error.what();
    // The alert that says why is lost when the server closes at once.
    if (text == "Failed to write request headers") {
      text +=
          "; the server closed the connection first: a server that refuses the client "
          "certificate can do that";
    }
    return {base::Code::kUnavailable, text};
  } catch (const web::uri_exception& error) {
    return {base::Code::kInvalidArgument, error.what()};
  } catch (const std::exception& error) {
    return {base::Code::kUnavailable, error.what()};
  }
}

}  // namespace watchers
