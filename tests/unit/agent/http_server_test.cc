#include "agent/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <iterator>

#include "agent/listen_socket.h"
#include "tests/fakes/http_probe.h"

namespace agent {
namespace {

using namespace std::chrono_literals;
using fakes::ask;
using fakes::connect_to;
using fakes::read_all;
using fakes::RecordingLog;
using fakes::send_all;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class HttpServerTest : public testing::Test {
 protected:
  HttpServerOptions options() {
    HttpServerOptions made;
    made.on_listen = log_listening("test", log_);
    std::map<std::string, HttpRoute> routes;
    routes["/healthz"] = [] {
      HttpResponse response;
      response.status = 503;
      response.content_type = "application/json";
      response.headers = {{"X-Content-Type-Options", "nosniff"}};
      response.body = std::make_shared<const std::string>("{}");
      return response;
    };
    routes["/big"] = [body = big_] {
      HttpResponse response;
      response.body = body;
      return response;
    };
    made.answer = answer_by_path(std::move(routes));
    made.retry_interval = 1ms;
    return made;
  }
  // The server, listening at the address.
  void start(HttpServerOptions made, const char* address = "127.0.0.1:0") {
    server_ = std::make_unique<HttpServer>(std::move(made));
    ASSERT_TRUE(server_->start().ok());
    ASSERT_TRUE(server_->listen(*parse_listen_address(address, 0)).ok());
    ASSERT_EQ(server_->serving().size(), 1u);
    where_ = server_->serving()[0];
  }
  const std::shared_ptr<const std::string> big_ =
      std::make_shared<const std::string>(16 << 20, 'x');
  RecordingLog log_;
  std::unique_ptr<HttpServer> server_;
  ListenAddress where_;
};

TEST_F(HttpServerTest, AnswersGetWithStatusHeadersAndBody) {
  start(options());
  EXPECT_THAT(
      ask(where_, "GET", "/healthz?verbose=1"),
      AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("\r\nContent-Type: application/json\r\n"),
            HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"),
            HasSubstr("\r\nContent-Length: 2\r\n"), testing::EndsWith("\r\n\r\n{}")));
}

TEST_F(HttpServerTest, AnswersHeadWithoutBody) {
  start(options());
  EXPECT_THAT(ask(where_, "HEAD", "/healthz"),
              AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("\r\nContent-Length: 2\r\n"),
                    testing::EndsWith("\r\n\r\n")));
}

TEST_F(HttpServerTest, NamesTheKnownPathsToThoseWhoAskForAnother) {
  start(options());
  EXPECT_THAT(ask(where_, "GET", "/nothing"),
              AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("/big\n/healthz\n")));
}

TEST_F(HttpServerTest, AnswersAnyMethodAndThrowsBodiesAway) {
  start(options());
  EXPECT_THAT(ask(where_, "DELETE", "/healthz"), StartsWith("HTTP/1.1 503 "));
  base::UniqueFd fd = connect_to(where_);
  const std::string body(100'000, 'b');
  // Two requests on one connection: the second is only found if all of the first has been read.
  send_all(fd, "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + body +
                   "PUT /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(read_all(fd), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("HTTP/1.1 404 ")));
}

TEST_F(HttpServerTest, TellsTheAnswerWhatWasAsked) {
  HttpServerOptions made = options();
  made.answer = [](const HttpRequest& request) {
    HttpResponse response;
    response.body =
        std::make_shared<const std::string>(request.method + " " + request.path + " " +
                                            std::to_string(request.port) + " " + request.host);
    return response;
  };
  start(std::move(made));
  EXPECT_THAT(ask(where_, "PATCH", "/a/b?c=d"),
              testing::EndsWith("PATCH /a/b " + std::to_string(where_.port) + " x"));
}

TEST_F(HttpServerTest, AnUnspecifiedAddressServesBothFamilies) {
  start(options(), "0.0.0.0:0");
  base::Port port = where_.port;
  EXPECT_THAT(ask({*base::IpAddress::parse("127.0.0.1"), port}, "GET", "/healthz"),
              StartsWith("HTTP/1.1 503"));
  if (!connect_to({*base::IpAddress::parse("::1"), port})) {
    GTEST_SKIP() << "this host has no IPv6 loopback address";
  }
  EXPECT_THAT(ask({*base::IpAddress::parse("::1"), port}, "GET", "/healthz"),
              StartsWith("HTTP/1.1 503"));
}

TEST_F(HttpServerTest, AddressesComeAndGoWhileOthersAreServed) {
  start(options());
  for (const char* text : {"127.0.0.2:0", "127.0.0.3:0"}) {
    ASSERT_TRUE(server_->listen(*parse_listen_address(text, 0)).ok());
  }
  ASSERT_TRUE(server_->listen(*parse_listen_address("127.0.0.2:0", 0)).ok());  // twice is once
  std::vector<ListenAddress> serving = server_->serving();
  ASSERT_EQ(serving.size(), 3u);
  for (const ListenAddress& where : serving) {
    EXPECT_THAT(ask(where, "GET", "/healthz"), StartsWith("HTTP/1.1 503"));
  }
  server_->close(*parse_listen_address("127.0.0.2:0", 0));
  server_->close(*parse_listen_address("127.0.0.9:0", 0));  // never asked for
  EXPECT_EQ(server_->serving().size(), 2u);
  for (const ListenAddress& where : serving) {
    EXPECT_EQ(bool(connect_to(where)), to_string(where).find("127.0.0.2") == std::string::npos)
        << to_string(where);
  }
}

TEST_F(HttpServerTest, NamesAPortThatIsTakenAndTriesAgain) {
  base::Result<base::UniqueFd> taken = listen_on(*parse_listen_address("127.0.0.1:0", 0));
  ASSERT_TRUE(taken.ok());
  ListenAddress where = *bound_address(taken->get());
  start(options(), "127.0.0.2:0");
  EXPECT_THAT(server_->listen(where).message(),
              AllOf(HasSubstr("listen on " + to_string(where)), HasSubstr("another program uses"),
                    HasSubstr("EADDRINUSE")));
  EXPECT_EQ(server_->serving().size(), 1u);
  EXPECT_TRUE(log_.wait_for("server cannot listen"));
  taken->reset();
  EXPECT_TRUE(log_.wait_for("server listens server=test address=" + to_string(where)));
  EXPECT_EQ(server_->serving().size(), 2u);
  EXPECT_THAT(ask(where, "GET", "/healthz"), StartsWith("HTTP/1.1 503"));
}

TEST_F(HttpServerTest, NamesAnAddressTheHostDoesNotHave) {
  start(options());
  EXPECT_THAT(server_->listen(*parse_listen_address("192.0.2.77:80", 0)).message(),
              AllOf(HasSubstr("192.0.2.77:80, an address this host"), HasSubstr("EADDRNOTAVAIL")));
}

// As many listeners as Services with a health check may be, served by one thread.
TEST_F(HttpServerTest, ManyListenersTakeOneThread) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  auto threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"),
                         std::filesystem::directory_iterator());
  };
  auto before = threads();
  start(options());
  for (int i = 0; i < 1000; ++i) {
    std::string address = "127.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
    ASSERT_TRUE(server_->listen(*parse_listen_address(address + ":0", 0)).ok()) << i;
  }
  std::vector<ListenAddress> serving = server_->serving();
  ASSERT_EQ(serving.size(), 1001u);
  EXPECT_EQ(threads(), before + 1);
  for (const ListenAddress& where : serving) {
    ASSERT_THAT(ask(where, "GET", "/healthz"), StartsWith("HTTP/1.1 503")) << to_string(where);
  }
}

TEST_F(HttpServerTest, ASlowReaderGetsItsPageAndHoldsNobodyUp) {
  start(options());
  ListenAddress where = where_;
  base::UniqueFd slow = connect_to(where);
  send_all(slow, "GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  // The page is larger than all buffers on the way: it waits for its reader now.
  for (int i = 0; i < 20; ++i) EXPECT_THAT(ask(where, "GET", "/healthz"), StartsWith("HTTP/1.1"));
  std::string page = read_all(slow);
  EXPECT_EQ(page.size() - page.find("\r\n\r\n") - 4, big_->size());
}

TEST_F(HttpServerTest, SurvivesGarbageAndHalfRequests) {
  start(options());
  ListenAddress where = where_;
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
  start(std::move(impatient));
  base::UniqueFd silent = connect_to(where_);
  send_all(silent, "GET /hea");
  EXPECT_EQ(read_all(silent).find("<nothing"), std::string::npos);
}

TEST_F(HttpServerTest, AFloodOfOneClientLeavesRoomForOthers) {
  HttpServerOptions small = options();
  small.connection_limit_per_client = 4;
  start(std::move(small), "0.0.0.0:0");
  base::Port port = where_.port;
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
  start(options());
  base::UniqueFd slow = connect_to(where_);
  send_all(slow, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
  server_->stop();
  server_->stop();
  EXPECT_TRUE(server_->serving().empty());
  EXPECT_LT(read_all(slow).size(), big_->size());
}

}  // namespace
}  // namespace agent
