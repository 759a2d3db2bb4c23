// The API client against a real TLS server on loopback that does what servers do wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "tests/fakes/manual_clock.h"
#include "tests/fakes/test_certificates.h"
#include "tests/fakes/tls_server.h"
#include "watchers/rest_cpprest.h"

namespace {

using base::Code;
using fakes::chunked_head;
using fakes::http_answer;
using fakes::http_chunk;
using fakes::TlsConnection;
using fakes::TlsServer;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using watchers::ClusterAccess;
using watchers::CpprestClient;
using watchers::RequestOptions;
using watchers::Response;
using watchers::ResponseBody;

fakes::CertificateText loopback_certificate() {
  return {
      .common_name = "kube-apiserver", .names = {"localhost"}, .addresses = {"127.0.0.1", "::1"}};
}

// Reads until the end or the first error.
struct WholeBody {
  std::string bytes;
  base::Status end;
};

WholeBody read_all(ResponseBody& body) {
  WholeBody whole;
  std::vector<char> buffer(64 * 1024);
  for (;;) {
    base::Result<std::size_t> got = body.read(buffer);
    if (!got) return {std::move(whole.bytes), got.status()};
    if (*got == 0) return whole;
    whole.bytes.append(buffer.data(), *got);
  }
}

std::string read_some(ResponseBody& body) {
  std::vector<char> buffer(64 * 1024);
  base::Result<std::size_t> got = body.read(buffer);
  return got ? std::string(buffer.data(), *got) : "error: " + got.status().message();
}

class RestConnection : public testing::Test {
 protected:
  RestConnection() {
    std::string folder =
        (std::filesystem::temp_directory_path() / "rest_connection_XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = folder;
  }
  ~RestConnection() override { std::filesystem::remove_all(folder_); }

  TlsServer& serve(TlsServer::Script script) {
    return serve({.identity = authority_.issue(loopback_certificate())}, std::move(script));
  }
  TlsServer& serve(TlsServer::Options options, TlsServer::Script script) {
    server_ = std::make_unique<TlsServer>(std::move(options), std::move(script));
    access_.server = {.tls = true, .host = "127.0.0.1", .port = server_->port(), .path = ""};
    access_.certificate_authority.text = authority_.certificate();
    return *server_;
  }

  // The client of access_ as it is at the first call.
  CpprestClient& client() {
    if (!client_) client_ = std::make_unique<CpprestClient>(access_, clock_);
    return *client_;
  }
  base::Result<Response> get(const std::string& path = "/api", RequestOptions options = {}) {
    if (options.idle_timeout == base::Duration::zero()) options.idle_timeout = 20s;
    return client().get(path, options);
  }

  std::string write_file(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  fakes::ManualClock clock_;
  fakes::TestAuthority authority_;
  ClusterAccess access_;
  std::filesystem::path folder_;
  std::unique_ptr<TlsServer> server_;
  std::unique_ptr<CpprestClient> client_;
};

TEST_F(RestConnection, SendsPathAndHeadersAsTheyAre) {
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
  EXPECT_THAT(seen.get_future().get(),
              AllOf(HasSubstr("GET " + path + " HTTP/1.1\r\n"),
                    HasSubstr("Authorization:Bearer s3cret\r\n"),
                    HasSubstr("Accept:application/json\r\n"), HasSubstr("Host: 127.0.0.1:"),
                    Not(HasSubstr("Accept-Encoding"))));
}

TEST_F(RestConnection, DeliversEachEventWhenItIsSent) {
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

}  // namespace
