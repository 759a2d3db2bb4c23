#ifndef IPVS_AGENT_TESTS_FAULTS_REST_FIXTURE_H_
#define IPVS_AGENT_TESTS_FAULTS_REST_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/fakes/manual_clock.h"
#include "tests/fakes/test_certificates.h"
#include "tests/fakes/tls_server.h"
#include "watchers/rest_cpprest.h"

// Reads until the end or the first error.
struct WholeBody {
  std::string bytes;
  base::Status end;
};

inline WholeBody read_all(watchers::ResponseBody& body) {
  WholeBody whole;
  std::vector<char> buffer(64 * 1024);
  for (;;) {
    base::Result<std::size_t> got = body.read(buffer);
    if (!got) return {std::move(whole.bytes), got.status()};
    if (*got == 0) return whole;
    whole.bytes.append(buffer.data(), *got);
  }
}

// One read(): its bytes, "" at the end.
inline std::string read_some(watchers::ResponseBody& body) {
  std::vector<char> buffer(64 * 1024);
  base::Result<std::size_t> got = body.read(buffer);
  return got ? std::string(buffer.data(), *got) : "error: " + got.status().message();
}

// The API client and a real TLS server on loopback that does what a test says.
class RestTest : public testing::Test {
 protected:
  RestTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "rest_test_XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = folder;
  }
  ~RestTest() override {
    client_.reset();
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  static fakes::CertificateText loopback_certificate() {
    fakes::CertificateText text;
    text.common_name = "kube-apiserver";
    text.names = {"localhost", "kubernetes.default.svc"};
    text.addresses = {"127.0.0.1", "::1"};
    return text;
  }

  // Starts the server, in place of an earlier one, and points access_ at it.
  fakes::TlsServer& serve(fakes::TlsServer::Script script) {
    return serve({.identity = authority_.issue(loopback_certificate())}, std::move(script));
  }
  fakes::TlsServer& serve(fakes::TlsServer::Options options, fakes::TlsServer::Script script) {
    std::string host = options.address;
    server_ = std::make_unique<fakes::TlsServer>(std::move(options), std::move(script));
    access_.server = {.tls = true, .host = host, .port = server_->port(), .path = ""};
    access_.certificate_authority.text = authority_.certificate();
    return *server_;
  }

  // The client of access_ as it was at the first call.
  watchers::CpprestClient& client() {
    if (!client_) client_ = std::make_unique<watchers::CpprestClient>(access_, clock_);
    return *client_;
  }
  base::Result<watchers::Response> get(const std::string& path = "/api",
                                       watchers::RequestOptions options = {}) {
    if (options.idle_timeout == base::Duration::zero()) {
      options.idle_timeout = std::chrono::seconds(60);
    }
    return client().get(path, options);
  }
  // The failure of a request that must not get an answer.
  base::Status failure(watchers::RequestOptions options = {}) {
    base::Result<watchers::Response> response = get("/api", options);
    EXPECT_FALSE(response) << "status " << response->head.status;
    return response.status();
  }

  std::string write_file(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  fakes::ManualClock clock_;
  fakes::TestAuthority authority_;
  watchers::ClusterAccess access_;
  std::filesystem::path folder_;
  std::unique_ptr<fakes::TlsServer> server_;
  std::unique_ptr<watchers::CpprestClient> client_;
};

// A script that answers every request with the same bytes.
inline fakes::TlsServer::Script always(std::string answer) {
  return [answer = std::move(answer)](fakes::TlsConnection& connection) {
    while (connection.read_request()) {
      if (!connection.write(answer)) return;
    }
  };
}

#endif  // IPVS_AGENT_TESTS_FAULTS_REST_FIXTURE_H_
