#include "tests/fakes/tls_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <stdexcept>

namespace fakes {
namespace {

void need(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("TlsServer: ") + what);
}

template <typename T, T* (*Read)(BIO*, T**, pem_password_cb*, void*)>
T* parse(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  T* object = Read(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  need(object != nullptr, "PEM");
  return object;
}

}  // namespace

struct TlsServer::Context {
  explicit Context(const Options& options) : ssl(SSL_CTX_new(TLS_server_method())) {
    X509* own = parse<X509, PEM_read_bio_X509>(options.identity.certificate);
    EVP_PKEY* key = parse<EVP_PKEY, PEM_read_bio_PrivateKey>(options.identity.key);
    need(SSL_CTX_use_certificate(ssl, own) == 1, "certificate");
    need(SSL_CTX_use_PrivateKey(ssl, key) == 1, "key");
    X509_free(own);
    EVP_PKEY_free(key);
    if (!options.client_authority.empty()) {
      X509* authority = parse<X509, PEM_read_bio_X509>(options.client_authority);
      X509_STORE_add_cert(SSL_CTX_get_cert_store(ssl), authority);
      X509_free(authority);
      SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
  }
  ~Context() { SSL_CTX_free(ssl); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  SSL_CTX* ssl;
};

class TlsServer::Connection final : public TlsConnection {
 public:
  Connection(SSL_CTX* context, int fd) : fd_(fd), ssl_(SSL_new(context)) { SSL_set_fd(ssl_, fd); }
  ~Connection() override { SSL_free(ssl_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool accept() { return SSL_accept(ssl_) == 1; }
  void close() {
    if (!reset_) SSL_shutdown(ssl_);
  }

  std::optional<std::string> read_request() override {
    for (;;) {
      std::size_t end = input_.find("\r\n\r\n");
      if (end != std::string::npos) {
        std::string head = input_.substr(0, end + 4);
        input_.erase(0, end + 4);
        return head;
      }
      if (!read_more()) return std::nullopt;
    }
  }

  bool write(std::string_view bytes) override {
    while (!bytes.empty()) {
      int sent = SSL_write(ssl_, bytes.data(),
                           static_cast<int>(std::min<std::size_t>(bytes.size(), 64 * 1024)));
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  void wait_for_end() override {
    while (read_more()) {
    }
  }

  void reset() override {
    linger abort{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
    reset_ = true;
  }

  std::string client_name() const override {
    X509* certificate = SSL_get0_peer_certificate(ssl_);
    if (certificate == nullptr) return "";
    std::array<char, 256> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                              static_cast<int>(name.size()));
    return name.data();
  }

 private:
  bool read_more() {
    std::array<char, 4096> block;
    int got = SSL_read(ssl_, block.data(), static_cast<int>(block.size()));
    if (got > 0) input_.append(block.data(), static_cast<std::size_t>(got));
    return got > 0;
  }

  const int fd_;
  SSL* const ssl_;
  bool reset_ = false;
  std::string input_;
};

TlsServer::TlsServer(Options options, Script script)
    : options_(std::move(options)),
      script_(std::move(script)),
      context_(std::make_unique<Context>(options_)) {
  bool ipv6 = options_.address.find(':') != std::string::npos;
  listener_.reset(socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  need(static_cast<bool>(listener_), "socket");
  sockaddr_storage address{};
  socklen_t length = ipv6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
  address.ss_family = ipv6 ? AF_INET6 : AF_INET;
  need(inet_pton(address.ss_family, options_.address.c_str(),
                 ipv6 ? static_cast<void*>(&v6->sin6_addr) : &v4->sin_addr) == 1,
       "address");
  need(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), length) == 0, "bind");
  need(listen(listener_.get(), 128) == 0, "listen");
  need(getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0,
       "getsockname");
  port_ = ntohs(ipv6 ? v6->sin6_port : v4->sin_port);
  accepting_ = std::thread([this] { accept_all(); });
}

TlsServer::~TlsServer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    shutdown(listener_.get(), SHUT_RDWR);
    for (int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  accepting_.join();
  for (std::thread& thread : serving_) thread.join();
}

void TlsServer::accept_all() {
  for (;;) {
    int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    std::lock_guard lock(mutex_);
    if (stopping_) {
      ::close(fd);
      return;
    }
    open_.push_back(fd);
    serving_.emplace_back([this, fd] { serve(fd); });
  }
}

void TlsServer::serve(int fd) {
  // OpenSSL writes with write(2), which would end the test when the client has left.
  sigset_t pipe_signal;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
  {
    Connection connection(context_->ssl, fd);
    if (connection.accept()) {
      ++connections_;
      script_(connection);
      connection.close();
    } else {
      // Closing at once would reset the connection, and the client might lose the alert.
      shutdown(fd, SHUT_WR);
      std::array<char, 4096> rest;
      while (recv(fd, rest.data(), rest.size(), 0) > 0) {
      }
    }
    ERR_clear_error();
  }
  std::lock_guard lock(mutex_);
  open_.remove(fd);
  ::close(fd);
}

std::string http_chunk(std::string_view bytes) {
  std::array<char, 20> size;
  int length = std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
  return std::string(size.data(), static_cast<std::size_t>(length)) + std::string(bytes) + "\r\n";
}

std::string chunked_head(int status, std::string_view more_headers) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Status\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n" +
         std::string(more_headers) + "\r\n";
}

std::string http_answer(int status, std::string_view body, std::string_view content_type) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Status\r\nContent-Type: " + std::string(content_type) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace fakes
