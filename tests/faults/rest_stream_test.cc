// Answers of the API server as they come over real sockets: whole, in pieces, cut, stalled, huge.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <zlib.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "base/unique_fd.h"
#include "tests/faults/rest_fixture.h"

namespace {

using base::Code;
using fakes::chunked_head;
using fakes::http_answer;
using fakes::http_chunk;
using fakes::TlsConnection;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class RestStream : public RestTest {};

bool has_ipv6_loopback() {
  base::UniqueFd fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  return fd && bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
}

TEST_F(RestStream, SendsPathAndHeadersAsTheyAre) {
  access_.token = "s3cret";
  std::promise<std::string> seen;
  serve([&](TlsConnection& connection) {
    seen.set_value(connection.read_request().value_or(""));
    connection.write(http_answer(200, "{}"));
    connection.wait_for_end();
  });
  const std::string path =
      "/api/v1/services?labelSelector=%21service.kubernetes.io%2Fservice-proxy-name"
      "&fieldSelector=spec.clusterIP%21%3DNone&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ%3D%3D";
  auto response = get(path);
  ASSERT_TRUE(response) << response.status().message();
  EXPECT_EQ(response->head.status, 200);
  EXPECT_EQ(response->head.content_type, "application/json");
  WholeBody body = read_all(*response->body);
  EXPECT_EQ(body.bytes, "{}");
  EXPECT_TRUE(body.end.ok()) << body.end.message();
  EXPECT_THAT(
      seen.get_future().get(),
      AllOf(HasSubstr("GET " + path + " HTTP/1.1\r\n"),
            HasSubstr("Authorization:Bearer s3cret\r\n"), HasSubstr("Accept:application/json\r\n"),
            HasSubstr("Host: 127.0.0.1:"), Not(HasSubstr("Accept-Encoding"))));
}

TEST_F(RestStream, PutsThePathOfTheServerUrlBeforeEachPath) {
  std::promise<std::string> seen;
  serve([&](TlsConnection& connection) {
    seen.set_value(connection.read_request().value_or(""));
    connection.write(http_answer(200, "{}"));
    connection.wait_for_end();
  });
  access_.server.path = "/k8s/clusters/c1";
  ASSERT_TRUE(get("/api/v1/services?limit=5"));
  EXPECT_THAT(seen.get_future().get(),
              HasSubstr("GET /k8s/clusters/c1/api/v1/services?limit=5 HTTP/1.1\r\n"));
}

TEST_F(RestStream, DeliversEachEventWhenItIsSent) {
  std::mutex mutex;
  std::condition_variable changed;
  int allowed = 0;
  serve([&](TlsConnection& connection) {
    connection.read_request();
    connection.write(chunked_head());
    for (int i = 1; i <= 3; ++i) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return allowed >= i; });
      connection.write(http_chunk("event " + std::to_string(i) + "\n"));
    }
    connection.write(http_chunk(""));
    connection.wait_for_end();
  });
  auto response = get();
  ASSERT_TRUE(response) << response.status().message();
  for (int i = 1; i <= 3; ++i) {
    {
      std::lock_guard lock(mutex);
      allowed = i;
    }
    changed.notify_one();
    EXPECT_EQ(read_some(*response->body), "event " + std::to_string(i) + "\n");
  }
  EXPECT_EQ(read_some(*response->body), "");
}

TEST_F(RestStream, UsesAnIdleConnectionAgain) {
  serve(always(http_answer(200, "{}")));
  for (int i = 0; i < 20; ++i) {
    auto response = get();
    ASSERT_TRUE(response) << response.status().message();
    EXPECT_EQ(read_all(*response->body).bytes, "{}");
  }
  // The library gives a connection back a moment after the last byte was read.
  EXPECT_LE(server_->connections(), 10);
}

TEST_F(RestStream, OutlivesAServerThatClosesIdleConnections) {
  serve([](TlsConnection& connection) {
    connection.read_request();
    connection.write(http_answer(200, "{}"));
  });
  for (int i = 0; i < 20; ++i) {
    auto response = get();
    ASSERT_TRUE(response) << response.status().message();
    EXPECT_EQ(read_all(*response->body).bytes, "{}");
  }
}

TEST_F(RestStream, TellsABodyThatIsCutInAChunk) {
  serve([](TlsConnection& connection) {
    connection.read_request();
    connection.write(chunked_head() + http_chunk("whole\n") + "40\r\nonly a part of");
  });
  auto response = get();
  ASSERT_TRUE(response) << response.status().message();
  WholeBody body = read_all(*response->body);
  EXPECT_EQ(body.bytes, "whole\n");
  EXPECT_EQ(body.end.code(), Code::kUnavailable);
  EXPECT_THAT(body.end.message(), HasSubstr("https://127.0.0.1:"));
}

TEST_F(RestStream, TellsABodyThatEndsBetweenChunks) {
  serve([](TlsConnection& connection) {
    connection.read_request();
    connection.write(chunked_head() + http_chunk("whole\n"));
  });
  auto response = get();
  ASSERT_TRUE(response) << response.status().message();
  WholeBody body = read_all(*response->body);
  EXPECT_EQ(body.bytes, "whole\n");
  EXPECT_EQ(body.end.code(), Code::kUnavailable) << body.end.message();
}

TEST_F(RestStream, TellsAReset) {
  std::promise<void> read;
  std::shared_future<void> may_reset = read.get_future().share();
  serve([&](TlsConnection& connection) {
    connection.read_request();
    connection.write(chunked_head() + http_chunk("whole\n"));
    may_reset.wait();
    connection.reset();
  });
  auto response = get();
  ASSERT_TRUE(response) << response.status().message();
  EXPECT_EQ(read_some(*response->body), "whole\n");
  read.set_value();
  WholeBody body = read_all(*response->body);
  EXPECT_EQ(body.end.code(), Code::kUnavailable) << body.end.message();
}

TEST_F(RestStream, TellsAServerThatFallsSilent) {
  serve([](TlsConnection& connection) {
    connection.read_request();
    connection.write(chunked_head() + http_chunk("whole\n"));
    connection.wait_for_end();
  });
  auto response = get("/api", {.idle_timeout = 3s});
  ASSERT_TRUE(response) << response.status().message();
  WholeBody body = read_all(*response->body);
  EXPECT_EQ(body.bytes, "whole\n");
  EXPECT_EQ(body.end.code(), Code::kUnavailable);
  EXPECT_THAT(body.end.message(), HasSubstr("silent for 3 s"));
}

TEST_F(RestStream, TellsAServerThatNeverAnswers) {
  serve([](TlsConnection& connection) { connection.wait_for_end(); });
  base::Status status = failure({.idle_timeout = 3s});
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("silent for 3 s"));
}

TEST_F(RestStream, TellsARefusedConnection) {
  serve(always(http_answer(200, "{}")));
  server_.reset();
  base::Status status = failure();
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("https://127.0.0.1:"), HasSubstr("connect")));
}

TEST_F(RestStream, TellsAHeadThatIsNotHttp) {
  serve(always("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
  EXPECT_EQ(failure().code(), Code::kUnavailable);
}

TEST_F(RestStream, PassesAnHtmlPageOn) {
  serve(always(http_answer(200, "<html>login</html>", "text/html; charset=utf-8")));
  auto response = get();
  ASSERT_TRUE(response) << response.status().message();
  EXPECT_EQ(response->head.status, 200);
  EXPECT_EQ(response->head.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(read_all(*response->body).bytes, "<html>login</html>");
}

TEST_F(RestStream, PassesStatusAndRetryAfterOn) {
  serve(
      always("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nslow"));
  auto response = get();
  ASSERT_TRUE(response) << response.status().message();
  EXPECT_EQ(response->head.status, 429);
  EXPECT_EQ(response->head.retry_after, std::chrono::seconds(7));
  EXPECT_EQ(read_all(*response->body).bytes, "slow");
}

TEST_F(RestStream, DoesNotFollowRedirects) {
  serve(always(
      "HTTP/1.1 302 Found\r\nLocation: https://example.invalid/\r\nContent-Length: 0\r\n\r\n"));
  auto response = get();
  ASSERT_TRUE(response) << response.status().message();
  EXPECT_EQ(response->head.status, 302);
  EXPECT_EQ(read_all(*response->body).bytes, "");
}

TEST_F(RestStream, ConnectsToAnIpv6Literal) {
  if (!has_ipv6_loopback()) GTEST_SKIP() << "this host has no IPv6 loopback address";
  std::promise<std::string> seen;
  serve({.identity = authority_.issue(loopback_certificate()), .address = "::1"},
        [&](TlsConnection& connection) {
          seen.set_value(connection.read_request().value_or(""));
          connection.write(http_answer(200, "six"));
          connection.wait_for_end();
        });
  auto response = get();
  ASSERT_TRUE(response) << response.status().message();
  EXPECT_EQ(read_all(*response->body).bytes, "six");
  EXPECT_THAT(seen.get_future().get(), HasSubstr("Host: ::1:"));
}

TEST_F(RestStream, ConnectsToAHostName) {
  serve(always(http_answer(200, "named")));
  access_.server.host = "localhost";
  auto response = get();
  ASSERT_TRUE(response) << response.status().message();
  EXPECT_EQ(read_all(*response->body).bytes, "named");
}

TEST_F(RestStream, RefusesAPathThatIsNone) {
  serve(always(http_answer(200, "{}")));
  auto response = get("/api/{broken} path");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.status().code(), Code::kInvalidArgument) << response.status().message();
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 4, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// Text that neither repeats too soon nor takes long to make.
std::string numbers(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) text += "{\"item\":" + std::to_string(i) + "},\n";
  return text;
}

TEST_F(RestStream, UnpacksACompressedList) {
  const std::string list = numbers(8'000'000);
  std::promise<std::string> seen;
  serve([&](TlsConnection& connection) {
    seen.set_value(connection.read_request().value_or(""));
    std::string packed = gzip(list);
    connection.write(chunked_head(200, "Content-Encoding: gzip\r\n"));
    for (std::size_t i = 0; i < packed.size(); i += 20'000) {
      connection.write(http_chunk(packed.substr(i, 20'000)));
    }
    connection.write(http_chunk(""));
    connection.wait_for_end();
  });
  auto response = get("/api", {.compressed = true});
  ASSERT_TRUE(response) << response.status().message();
  WholeBody body = read_all(*response->body);
  EXPECT_TRUE(body.end.ok()) << body.end.message();
  EXPECT_TRUE(body.bytes == list) << body.bytes.size() << " of " << list.size() << " bytes";
  EXPECT_THAT(seen.get_future().get(), HasSubstr("gzip"));
}

TEST_F(RestStream, UnpacksACompressedListWithContentLength) {
  const std::string list = numbers(3'000'000);
  serve([&](TlsConnection& connection) {
    connection.read_request();
    std::string packed = gzip(list);
    connection.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " +
                     std::to_string(packed.size()) + "\r\n\r\n" + packed);
    connection.wait_for_end();
  });
  auto response = get("/api", {.compressed = true});
  ASSERT_TRUE(response) << response.status().message();
  WholeBody body = read_all(*response->body);
  EXPECT_TRUE(body.end.ok()) << body.end.message();
  EXPECT_TRUE(body.bytes == list) << body.bytes.size() << " of " << list.size() << " bytes";
}

TEST_F(RestStream, TellsACompressedBodyThatIsBroken) {
  serve(always(
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\nnot gzip at all"));
  auto response = get("/api", {.compressed = true});
  ASSERT_TRUE(response) << response.status().message();
  EXPECT_EQ(read_all(*response->body).end.code(), Code::kUnavailable);
}

TEST_F(RestStream, DeliversOneHugeChunkWhole) {
  const std::string list = numbers(48'000'000);
  serve([&](TlsConnection& connection) {
    connection.read_request();
    connection.write(chunked_head() + http_chunk(list) + http_chunk(""));
    connection.wait_for_end();
  });
  auto response = get();
  ASSERT_TRUE(response) << response.status().message();
  WholeBody body = read_all(*response->body);
  EXPECT_TRUE(body.end.ok()) << body.end.message();
  EXPECT_TRUE(body.bytes == list) << body.bytes.size() << " of " << list.size() << " bytes";
}

TEST_F(RestStream, LeavesWithTheServerWhatIsNotRead) {
  const std::string event = numbers(5'000);
  constexpr int kEvents = 12'000;  // 60 MB
  std::atomic<int> sent = 0;
  serve([&](TlsConnection& connection) {
    connection.read_request();
    connection.write(chunked_head());
    for (; sent < kEvents; ++sent) connection.write(http_chunk(event));
    connection.write(http_chunk(""));
    connection.wait_for_end();
  });
  auto response = get();
  ASSERT_TRUE(response) << response.status().message();
  // Until the server's writes stall: everything between it and the reader is full.
  for (int before = -1; before != sent;) {
    before = sent;
    std::this_thread::sleep_for(200ms);
  }
  EXPECT_LT(sent * event.size(), 30'000'000);
  EXPECT_EQ(read_all(*response->body).bytes.size(), kEvents * event.size());
}

}  // namespace
