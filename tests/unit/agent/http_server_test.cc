#include "agent/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include "agent/listen_socket.h"

namespace agent {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A log that remembers its lines and lets a test wait for one.
class RecordingLog final : public Log {
 public:
  bool writes(LogLevel) const override { return true; }
  void write(LogLevel, std::string_view event, std::span<const LogField> fields) override {
    std::lock_guard lock(mutex_);
    lines_.push_back(text_line(event, fields));
    grown_.notify_all();
  }
  bool wait_for(const std::string& part) {
    std::unique_lock lock(mutex_);
    return grown_.wait_for(lock, 60s, [&] {
      for (const std::string& line : lines_) {
        if (line.find(part) != std::string::npos) return true;
      }
      return false;
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable grown_;
  std::vector<std::string> lines_;
};

base::UniqueFd connect_to(const ListenAddress& where) {
  int family = base::address_family(where.address.family());
  base::UniqueFd fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 v6{};
  sockaddr_in v4{};
  v6.sin6_family = AF_INET6;
  v4.sin_family = AF_INET;
  v6.sin6_port = v4.sin_port = htons(where.port);
  std::span<const std::uint8_t> bytes = where.address.bytes();
  std::memcpy(family == AF_INET ? static_cast<void*>(&v4.sin_addr) : &v6.sin6_addr, bytes.data(),
              bytes.size());
  int failed = family == AF_INET ? connect(fd.get(), reinterpret_cast<sockaddr*>(&v4), sizeof(v4))
                                 : connect(fd.get(), reinterpret_cast<sockaddr*>(&v6), sizeof(v6));
  if (failed != 0) fd.reset();
  return fd;
}

void send_all(const base::UniqueFd& fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t sent = send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// Everything until the server closes the connection.
std::string read_all(const base::UniqueFd& fd) {
  std::string text;
  std::array<char, 65536> buffer{};
  for (;;) {
    pollfd entry{.fd = fd.get(), .events = POLLIN, .revents = 0};
    if (poll(&entry, 1, 60'000) != 1) return text + "<nothing for a minute>";
    ssize_t length = recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (length <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(length));
  }
}

std::string ask(const ListenAddress& where, const std::string& method, const std::string& path) {
  base::UniqueFd fd = connect_to(where);
  if (!fd) return "<no connection>";
  send_all(fd, method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  return read_all(fd);
}

class HttpServerTest : public testing::Test {
 protected:
  HttpServerOptions options(const char* address = "127.0.0.1:0") {
    HttpServerOptions made;
    made.name = "test";
    made.addresses = {*parse_listen_address(address, 0)};
    made.routes["/healthz"] = [] {
      HttpResponse response;
      response.status = 503;
      response.content_type = "application/json";
      response.headers = {{"X-Content-Type-Options", "nosniff"}};
      response.body = std::make_shared<const std::string>("{}");
      return response;
    };
    made.routes["/big"] = [body = big_] {
      HttpResponse response;
      response.body = body;
      return response;
    };
    made.retry_interval = 1ms;
    return made;
  }
  const std::shared_ptr<const std::string> big_ =
      std::make_shared<const std::string>(16 << 20, 'x');
  RecordingLog log_;
};

TEST_F(HttpServerTest, AnswersGetWithStatusHeadersAndBody) {
  HttpServer server(options(), log_);
  ASSERT_TRUE(server.start(true).ok());
  ASSERT_EQ(server.serving().size(), 1u);
  EXPECT_THAT(
      ask(server.serving()[0], "GET", "/healthz?verbose=1"),
      AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("\r\nContent-Type: application/json\r\n"),
            HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"),
            HasSubstr("\r\nContent-Length: 2\r\n"), testing::EndsWith("\r\n\r\n{}")));
}

TEST_F(HttpServerTest, AnswersHeadWithoutBody) {
  HttpServer server(options(), log_);
  ASSERT_TRUE(server.start(true).ok());
  EXPECT_THAT(ask(server.serving()[0], "HEAD", "/healthz"),
              AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("\r\nContent-Length: 2\r\n"),
                    testing::EndsWith("\r\n\r\n")));
}

TEST_F(HttpServerTest, RefusesUnknownPathsAndOtherMethods) {
  HttpServer server(options(), log_);
  ASSERT_TRUE(server.start(true).ok());
  EXPECT_THAT(ask(server.serving()[0], "GET", "/nothing"),
              AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("/big\n/healthz\n")));
  EXPECT_THAT(ask(server.serving()[0], "POST", "/healthz"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: GET, HEAD\r\n")));
}

TEST_F(HttpServerTest, AnUnspecifiedAddressServesBothFamilies) {
  HttpServer server(options("0.0.0.0:0"), log_);
  ASSERT_TRUE(server.start(true).ok());
  base::Port port = server.serving()[0].port;
  EXPECT_THAT(ask({*base::IpAddress::parse("127.0.0.1"), port}, "GET", "/healthz"),
              StartsWith("HTTP/1.1 503"));
  if (!connect_to({*base::IpAddress::parse("::1"), port})) {
    GTEST_SKIP() << "this host has no IPv6 loopback address";
  }
  EXPECT_THAT(ask({*base::IpAddress::parse("::1"), port}, "GET", "/healthz"),
              StartsWith("HTTP/1.1 503"));
}

TEST_F(HttpServerTest, ServesSeveralAddresses) {
  HttpServerOptions both = options("127.0.0.1:0");
  both.addresses.push_back(*parse_listen_address("127.0.0.2:0", 0));
  HttpServer server(std::move(both), log_);
  ASSERT_TRUE(server.start(true).ok());
  ASSERT_EQ(server.serving().size(), 2u);
  for (const ListenAddress& where : server.serving()) {
    EXPECT_THAT(ask(where, "GET", "/healthz"), StartsWith("HTTP/1.1 503"));
  }
}

TEST_F(HttpServerTest, NamesAPortThatIsTakenAndTriesAgain) {
  base::Result<base::UniqueFd> taken = listen_on(*parse_listen_address("127.0.0.1:0", 0));
  ASSERT_TRUE(taken.ok());
  ListenAddress where = *bound_address(*taken);
  HttpServerOptions wanted = options(to_string(where).c_str());
  wanted.addresses.push_back(*parse_listen_address("127.0.0.2:0", 0));
  HttpServer strict(wanted, log_);
  base::Status failed = strict.start(true);
  EXPECT_THAT(failed.message(), AllOf(HasSubstr("test server: listen on " + to_string(where)),
                                      HasSubstr("another program uses"), HasSubstr("EADDRINUSE")));
  EXPECT_TRUE(strict.serving().empty());

  HttpServer patient(wanted, log_);
  EXPECT_FALSE(patient.start(false).ok());
  EXPECT_EQ(patient.serving().size(), 1u);
  EXPECT_TRUE(log_.wait_for("server cannot listen"));
  taken->reset();
  EXPECT_TRUE(log_.wait_for("server listens server=test address=" + to_string(where)));
  EXPECT_EQ(patient.serving().size(), 2u);
  EXPECT_THAT(ask(where, "GET", "/healthz"), StartsWith("HTTP/1.1 503"));
}

TEST_F(HttpServerTest, NamesAnAddressTheHostDoesNotHave) {
  HttpServer server(options("192.0.2.77:80"), log_);
  EXPECT_THAT(server.start(true).message(),
              AllOf(HasSubstr("192.0.2.77:80, an address this host"), HasSubstr("EADDRNOTAVAIL")));
}

TEST_F(HttpServerTest, ASlowReaderGetsItsPageAndHoldsNobodyUp) {
  HttpServer server(options(), log_);
  ASSERT_TRUE(server.start(true).ok());
  ListenAddress where = server.serving()[0];
  base::UniqueFd slow = connect_to(where);
  send_all(slow, "GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  // The page is larger than all buffers on the way: it waits for its reader now.
  for (int i = 0; i < 20; ++i) EXPECT_THAT(ask(where, "GET", "/healthz"), StartsWith("HTTP/1.1"));
  std::string page = read_all(slow);
  EXPECT_EQ(page.size() - page.find("\r\n\r\n") - 4, big_->size());
}

TEST_F(HttpServerTest, SurvivesGarbageAndHalfRequests) {
  HttpServer server(options(), log_);
  ASSERT_TRUE(server.start(true).ok());
  ListenAddress where = server.serving()[0];
  std::vector<base::UniqueFd> silent;
  for (const std::string& garbage :
       {std::string("\0\x16\x03\x01\xff\xff\r\n\r\n", 11), std::string("GET\r\n\r\n"),
        "GET /" + std::string(1 << 20, 'a') + " HTTP/1.1\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nX: " + std::string(1 << 20, 'a') + "\r\n\r\n",
        std::string("GET /healthz HTTP/9.9\r\n\r\n"), std::string("GET /healthz HTT")}) {
    silent.push_back(connect_to(where));
    send_all(silent.back(), garbage);
  }
  EXPECT_THAT(ask(where, "GET", "/healthz"), StartsWith("HTTP/1.1 503"));
}

TEST_F(HttpServerTest, ClosesSilentConnections) {
  HttpServerOptions impatient = options();
  impatient.idle_timeout = 1s;
  HttpServer server(std::move(impatient), log_);
  ASSERT_TRUE(server.start(true).ok());
  base::UniqueFd silent = connect_to(server.serving()[0]);
  send_all(silent, "GET /hea");
  EXPECT_EQ(read_all(silent).find("<nothing"), std::string::npos);
}

TEST_F(HttpServerTest, AFloodOfOneClientLeavesRoomForOthers) {
  HttpServerOptions small = options("0.0.0.0:0");
  small.connection_limit_per_client = 4;
  HttpServer server(std::move(small), log_);
  ASSERT_TRUE(server.start(true).ok());
  base::Port port = server.serving()[0].port;
  std::vector<base::UniqueFd> flood;
  for (int i = 0; i < 100; ++i) {
    flood.push_back(connect_to({*base::IpAddress::parse("127.0.0.1"), port}));
    send_all(flood.back(), "GET /healthz HTTP/1.1\r\n");
  }
  if (!connect_to({*base::IpAddress::parse("::1"), port})) {
    GTEST_SKIP() << "this host has no IPv6 loopback address for the other client";
  }
  EXPECT_THAT(ask({*base::IpAddress::parse("::1"), port}, "GET", "/healthz"),
              StartsWith("HTTP/1.1 503"));
}

TEST_F(HttpServerTest, StopsWhileClientsWait) {
  HttpServer server(options(), log_);
  ASSERT_TRUE(server.start(true).ok());
  base::UniqueFd slow = connect_to(server.serving()[0]);
  send_all(slow, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
  server.stop();
  server.stop();
  EXPECT_TRUE(server.serving().empty());
  EXPECT_LT(read_all(slow).size(), big_->size());
}

}  // namespace
}  // namespace agent
