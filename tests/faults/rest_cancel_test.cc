// Requests that are ended from outside at any moment.
#include <gmock/gmock.h>

#include <future>
#include <random>
#include <thread>

#include "tests/faults/rest_fixture.h"

namespace {

using base::Code;
using fakes::chunked_head;
using fakes::http_answer;
using fakes::http_chunk;
using fakes::TlsConnection;
using fakes::TlsServer;

// Sends as much as it can, for ever.
void pour(TlsConnection& connection) {
  const std::string event = http_chunk(std::string(4800, 'e') + "\n");
  if (!connection.read_request() || !connection.write(chunked_head())) return;
  while (connection.write(event)) {
  }
}

// Sends a head, then nothing.
void be_quiet(TlsConnection& connection) {
  connection.read_request();
  connection.write(chunked_head());
  connection.wait_for_end();
}

class RestCancel : public RestTest {};

TEST_F(RestCancel, EndsAReadThatWaits) {
  serve(be_quiet);
  auto response = get();
  ASSERT_TRUE(response) << response.status().message();
  std::thread other([&] { response->body->cancel(); });
  EXPECT_EQ(read_all(*response->body).end.code(), Code::kCancelled);
  other.join();
  EXPECT_EQ(read_all(*response->body).end.code(), Code::kCancelled);
}

TEST_F(RestCancel, EndsBulkStreamsHundredsOfTimes) {
  serve(pour);
  std::mt19937 random(1);
  std::vector<char> buffer(64 * 1024);
  for (int i = 0; i < 300; ++i) {
    auto response = get();
    ASSERT_TRUE(response) << response.status().message();
    auto reads = random() % 20;
    for (std::size_t n = 0; n < reads; ++n) ASSERT_TRUE(response->body->read(buffer));
    if (i % 3 == 0) response->body->cancel();
    if (i % 3 == 1) {
      std::thread other([&] { response->body->cancel(); });
      while (response->body->read(buffer)) {
      }
      other.join();
    }
  }
}

TEST_F(RestCancel, EndsThreeBulkStreamsAtOnceManyTimes) {
  serve(pour);
  client();
  std::vector<std::thread> watchers;
  for (unsigned seed = 0; seed < 3; ++seed) {
    watchers.emplace_back([&, seed] {
      std::mt19937 random(seed);
      std::vector<char> buffer(16 * 1024);
      for (int i = 0; i < 100; ++i) {
        auto response = get();
        ASSERT_TRUE(response) << response.status().message();
        auto reads = random() % 50;
        for (std::size_t n = 0; n < reads; ++n) ASSERT_TRUE(response->body->read(buffer));
      }
    });
  }
  for (std::thread& watcher : watchers) watcher.join();
}

TEST_F(RestCancel, ShutDownEndsARequestThatWaitsForItsHead) {
  std::promise<void> asked;
  serve([&](TlsConnection& connection) {
    connection.read_request();
    asked.set_value();
    connection.wait_for_end();
  });
  std::thread other([&] {
    asked.get_future().wait();
    client_->shut_down();
  });
  EXPECT_EQ(failure().code(), Code::kCancelled);
  other.join();
}

TEST_F(RestCancel, ShutDownEndsEveryStreamAndEveryLaterRequest) {
  serve(be_quiet);
  auto first = get();
  auto second = get();
  ASSERT_TRUE(first && second);
  client().shut_down();
  EXPECT_EQ(read_all(*first->body).end.code(), Code::kCancelled);
  EXPECT_EQ(read_all(*second->body).end.code(), Code::kCancelled);
  EXPECT_EQ(failure().code(), Code::kCancelled);
}

TEST_F(RestCancel, ABodyOutlivesItsClient) {
  serve(pour);
  auto response = get();
  ASSERT_TRUE(response) << response.status().message();
  client_.reset();
  EXPECT_EQ(read_all(*response->body).end.code(), Code::kCancelled);
}

TEST_F(RestCancel, ClientsComeAndGo) {
  serve(always(http_answer(200, "{}")));
  for (int i = 0; i < 100; ++i) {
    auto response = get();
    ASSERT_TRUE(response) << response.status().message();
    EXPECT_EQ(read_all(*response->body).bytes, "{}");
    client_.reset();
  }
}

TEST_F(RestCancel, TheServerVanishesUnderBulkStreams) {
  for (int i = 0; i < 50; ++i) {
    client_.reset();
    serve(pour);
    auto response = get();
    ASSERT_TRUE(response) << response.status().message();
    std::thread other([&] { server_.reset(); });
    EXPECT_EQ(read_all(*response->body).end.code(), Code::kUnavailable);
    other.join();
  }
}

}  // namespace

// A process that ends in the middle of requests leaves the library's tasks behind on purpose.
extern "C" const char* __lsan_default_suppressions();   // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier)
  return "leak:pplx\nleak:web::http\nleak:boost::asio\nleak:TlsServer\nleak:RestExit\n";
}

namespace {

class RestExit : public RestTest {
 protected:
  // Leaves one stream read by another thread, one stalled, and one request waiting, and exits.
  [[noreturn]] void exit_in_the_middle() {
    // The server is no part of what ends.
    fakes::TlsServer::Options options;
    options.identity = authority_.issue(loopback_certificate());
    auto* server = new fakes::TlsServer(options, pour);
    access_.server = {.tls = true, .host = "127.0.0.1", .port = server->port(), .path = ""};
    access_.certificate_authority.text = authority_.certificate();
    auto first = get();
    auto second = get();
    std::thread([&] { static_cast<void>(read_all(*first->body)); }).detach();
    static_cast<void>(read_some(*second->body));
    std::exit(17);
  }
};

// The process ends in the middle of everything: no crash, no hang.
TEST_F(RestExit, AtAnyMoment) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (int i = 0; i < 10; ++i) {
    EXPECT_EXIT(exit_in_the_middle(), testing::ExitedWithCode(17), "");
  }
}

}  // namespace
