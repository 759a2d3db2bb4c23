#ifndef IPVS_AGENT_TESTS_APISERVER_TEST_CLIENT_H_
#define IPVS_AGENT_TESTS_APISERVER_TEST_CLIENT_H_

#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/clock.h"
#include "tests/apiserver/test_api_server.h"
#include "watchers/kubeconfig.h"
#include "watchers/rest_cpprest.h"

namespace apiserver {

// A whole answer.
struct Answer {
  int status = 0;
  std::string body;
  std::chrono::seconds retry_after{};

  nlohmann::json json() const { return nlohmann::json::parse(body); }
};

// An open watch, read event by event.
class Watch {
 public:
  explicit Watch(watchers::Response response) : response_(std::move(response)) {}

  int status() const { return response_.head.status; }
  // The next line, or nullopt at the end of the body; ended() then says how that was.
  std::optional<std::string> line() {
    std::size_t end;
    while ((end = unread_.find('\n')) == std::string::npos) {
      std::array<char, 4096> buffer;
      auto got = response_.body->read(buffer);
      if (!got || *got == 0) {
        ended_ = got.status();
        return std::nullopt;
      }
      unread_.append(buffer.data(), *got);
    }
    std::string next = unread_.substr(0, end);
    unread_.erase(0, end + 1);
    return next;
  }
  nlohmann::json event() {
    auto next = line();
    return next ? nlohmann::json::parse(*next) : nlohmann::json();
  }
  const base::Status& ended() const { return ended_; }
  // What came after the last whole line.
  const std::string& rest() const { return unread_; }

 private:
  watchers::Response response_;
  std::string unread_;
  base::Status ended_;
};

// The agent's own client, on a kubeconfig.
class TestClient {
 public:
  explicit TestClient(const std::string& kubeconfig) {
    watchers::AccessOptions options;
    options.kubeconfig = kubeconfig;
    auto access = watchers::find_cluster_access(options);
    if (!access) throw std::runtime_error(access.status().message());
    client_ = std::make_unique<watchers::CpprestClient>(*access, clock_);
  }
  ~TestClient() { client_->shut_down(); }

  base::Result<watchers::Response> open(const std::string& path, bool compressed = false) {
    watchers::RequestOptions options;
    options.compressed = compressed;
    options.idle_timeout = std::chrono::seconds(60);
    return client_->get(path, options);
  }
  Answer get(const std::string& path, bool compressed = false) {
    auto response = open(path, compressed);
    if (!response) return {0, response.status().message(), {}};
    Answer answer{response->head.status, "",
                  std::chrono::duration_cast<std::chrono::seconds>(response->head.retry_after)};
    std::array<char, 16384> buffer;
    for (;;) {
      auto got = response->body->read(buffer);
      if (!got) return {0, got.status().message(), {}};
      if (*got == 0) return answer;
      answer.body.append(buffer.data(), *got);
    }
  }
  Watch watch(const std::string& path) {
    auto response = open(path);
    if (!response) throw std::runtime_error(response.status().message());
    return Watch(*std::move(response));
  }

 private:
  base::SystemClock clock_;
  std::unique_ptr<watchers::CpprestClient> client_;
};

// What the curl program prints with these arguments, the server's URL and credentials added.
inline std::string curl(const TestApiServer& server, const std::string& path,
                        const std::string& arguments) {
  std::string command = "curl -sS --max-time 60 --cacert " + server.folder() + "/ca.crt --cert " +
                        server.folder() + "/client.crt --key " + server.folder() + "/client.key " +
                        arguments + " '" + server.url() + path + "' 2>&1";
  std::FILE* pipe = popen(command.c_str(), "r");
  std::string printed;
  std::array<char, 4096> buffer;
  for (std::size_t got; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    printed.append(buffer.data(), got);
  }
  pclose(pipe);
  return printed;
}

// The server, started, and a client of it.
struct Running {
  TestApiServer server;
  std::unique_ptr<TestClient> client;

  explicit Running(TestApiServerOptions options = {}) : server(std::move(options)) {
    base::Status started = server.start();
    if (!started) throw std::runtime_error(started.message());
    client = std::make_unique<TestClient>(server.kubeconfig());
  }
};

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_TEST_CLIENT_H_
