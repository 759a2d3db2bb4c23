#include "tests/apiserver/connection.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <utility>

namespace apiserver {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};

// A client certificate that does not verify must end in a 401 with a body, as with the real server,
// not in a failed handshake: client_name() looks at the verdict.
int accept_every_certificate(int, X509_STORE_CTX*) { return 1; }

std::unique_ptr<SSL_CTX, SslDeleter> make_context(const TlsFiles& files) {
  std::unique_ptr<SSL_CTX, SslDeleter> context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    std::fprintf(stderr, "test-apiserver: cannot use certificate %s with key %s\n",
                 files.certificate.c_str(), files.key.c_str());
    return nullptr;
  }
  if (!files.client_authority.empty()) {
    SSL_CTX_load_verify_locations(context.get(), files.client_authority.c_str(), nullptr);
    SSL_CTX_set_client_CA_list(context.get(),
                               SSL_load_client_CA_file(files.client_authority.c_str()));
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, accept_every_certificate);
  }
  return context;
}

}  // namespace

// Before each operation of OpenSSL its queue of errors is cleared: what an earlier one left there,
// such as a client certificate that did not verify, would be taken for its own.
struct Connection::Tls {
  std::unique_ptr<SSL_CTX, SslDeleter> context;
  std::unique_ptr<SSL, SslDeleter> ssl;
};

Connection::Connection(base::UniqueFd socket, const TlsFiles* tls) : socket_(std::move(socket)) {
  fcntl(socket_.get(), F_SETFL, fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
  if (tls == nullptr) return;
  tls_ = std::make_unique<Tls>();
  tls_->context = make_context(*tls);
  if (tls_->context == nullptr) return;
  tls_->ssl.reset(SSL_new(tls_->context.get()));
  SSL_set_fd(tls_->ssl.get(), socket_.get());
  SSL_set_mode(tls_->ssl.get(),
               SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

Connection::~Connection() {
  if (abort_ == Abort::kReset) {
    linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  } else if (abort_ == Abort::kNone && tls_ != nullptr && tls_->ssl != nullptr) {
    SSL_shutdown(tls_->ssl.get());
  }
}

bool Connection::shake_hands() {
  if (tls_ == nullptr) return true;
  if (tls_->ssl == nullptr) return false;
  while (!aborted()) {
    ERR_clear_error();
    int result = SSL_accept(tls_->ssl.get());
    if (result == 1) return true;
    int reason = SSL_get_error(tls_->ssl.get(), result);
    if (reason == SSL_ERROR_WANT_READ) {
      if (!await(POLLIN)) return false;
    } else if (reason == SSL_ERROR_WANT_WRITE) {
      if (!await(POLLOUT)) return false;
    } else {
      return false;
    }
  }
  return false;
}

// Waits until the socket is ready; a wake() in between only makes it look at abort_ again.
bool Connection::await(short events) {
  for (;;) {
    if (aborted()) return false;
    pollfd polled[2] = {{socket_.get(), events, 0}, {wake_.fd(), POLLIN, 0}};
    if (poll(polled, 2, -1) < 0 && errno != EINTR) return false;
    if (polled[1].revents != 0) wake_.clear();
    if (polled[0].revents != 0) return !aborted();
  }
}

std::size_t Connection::read(std::span<char> buffer) {
  while (!aborted()) {
    if (tls_ != nullptr) {
      ERR_clear_error();
      int got = SSL_read(tls_->ssl.get(), buffer.data(), static_cast<int>(buffer.size()));
      if (got > 0) return static_cast<std::size_t>(got);
      int reason = SSL_get_error(tls_->ssl.get(), got);
      if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) return 0;
    } else {
      ssize_t got = recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (got > 0) return static_cast<std::size_t>(got);
      if (got == 0 || (errno != EAGAIN && errno != EINTR)) return 0;
    }
    if (!await(POLLIN)) return 0;
  }
  return 0;
}

bool Connection::write(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t rate = rate_limit_;
    // Ten portions a second, so that a slow body is slow evenly.
    std::size_t portion = rate == 0 ? bytes.size() : std::min(bytes.size(), rate / 10 + 1);
    if (!write_some(bytes.substr(0, portion))) return false;
    bytes.remove_prefix(portion);
    if (rate != 0 && !bytes.empty() && !sleep(milliseconds(100))) return false;
  }
  return !aborted();
}

bool Connection::write_some(std::string_view bytes) {
  constexpr std::size_t kLargestWrite = 1 << 20;
  while (!bytes.empty() && !aborted()) {
    short wanted = POLLOUT;
    if (tls_ != nullptr) {
      ERR_clear_error();
      int sent = SSL_write(tls_->ssl.get(), bytes.data(),
                           static_cast<int>(std::min(bytes.size(), kLargestWrite)));
      if (sent > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
        continue;
      }
      int reason = SSL_get_error(tls_->ssl.get(), sent);
      if (reason != SSL_ERROR_WANT_WRITE && reason != SSL_ERROR_WANT_READ) return false;
      if (reason == SSL_ERROR_WANT_READ) wanted = POLLIN;
    } else {
      ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
        continue;
      }
      if (errno != EAGAIN && errno != EINTR) return false;
    }
    if (!await(wanted)) return false;
  }
  return !aborted();
}

bool Connection::wait(base::Duration timeout) {
  // Rounded up: a wait of less than a millisecond must not spin.
  int timeout_ms = static_cast<int>(duration_cast<milliseconds>(timeout).count() + 1);
  pollfd polled[2] = {{socket_.get(), POLLIN | POLLRDHUP, 0}, {wake_.fd(), POLLIN, 0}};
  if (poll(polled, 2, std::max(timeout_ms, 0)) < 0 && errno != EINTR) return false;
  if (polled[1].revents != 0) wake_.clear();
  // A client that waits for an answer sends nothing; if it does, it is closing.
  return polled[0].revents == 0 && !aborted();
}

bool Connection::sleep(base::Duration time) {
  auto end = std::chrono::steady_clock::now() + time;
  for (auto now = end - time; now < end; now = std::chrono::steady_clock::now()) {
    if (!wait(end - now)) return false;
  }
  return true;
}

std::optional<std::string> Connection::client_name() const {
  if (tls_ == nullptr || SSL_get_verify_result(tls_->ssl.get()) != X509_V_OK) return std::nullopt;
  std::unique_ptr<X509, SslDeleter> certificate(SSL_get1_peer_certificate(tls_->ssl.get()));
  if (certificate == nullptr) return std::nullopt;
  char name[256] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                            sizeof(name));
  return std::string(name);
}

void Connection::abort(Abort how) {
  abort_ = how;
  wake_.notify();
}

}  // namespace apiserver
