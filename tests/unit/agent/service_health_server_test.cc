#include "agent/service_health_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "agent/listen_socket.h"
#include "tests/fakes/http_probe.h"

namespace agent {
namespace {

using fakes::ask;
using fakes::connect_to;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

base::IpAddress ip(const char* text) { return *base::IpAddress::parse(text); }

// A port that nobody has at the loopback addresses of the tests.
base::Port free_port() {
  auto socket = listen_on({ip("127.0.0.1"), 0});
  EXPECT_TRUE(socket.ok());
  return bound_address(socket->get())->port;
}

class ServiceHealthServerTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(server_.start().ok());
    server_.listen_at({ip("127.0.0.1")});
  }

  std::string get(base::Port port, const std::string& path = "/") {
    return ask({ip("127.0.0.1"), port}, "GET", path);
  }

  const watchers::ObjectKey web_{"default", "web"};
  const watchers::ObjectKey shop_{"default", "shop"};
  fakes::RecordingLog log_;
  std::atomic<bool> proxy_healthy_ = true;
  ServiceHealthServer server_{[this] { return proxy_healthy_.load(); }, log_,
                              std::chrono::milliseconds(1)};
};

TEST_F(ServiceHealthServerTest, FollowsTheEndpointsOfAService) {
  base::Port port = free_port();
  server_.set(web_, {port, 0});
  EXPECT_THAT(get(port), AllOf(StartsWith("HTTP/1.1 503 "),
                               HasSubstr("\r\nX-Load-Balancing-Endpoint-Weight: "
                                         "0\r\n"),
                               EndsWith(service_health_body(web_, {port, 0}, true))));
  server_.set(web_, {port, 2});
  std::string answer = get(port, "/any/path?at=all");
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200 "),
                            HasSubstr("\r\nContent-Type: application/json\r\n"),
                            HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"),
                            HasSubstr("\r\nX-Load-Balancing-Endpoint-Weight: 2\r\n"),
                            EndsWith(service_health_body(web_, {port, 2}, true))));
  EXPECT_THAT(ask({ip("127.0.0.1"), port}, "POST", "/"), StartsWith("HTTP/1.1 200 "));
  proxy_healthy_ = false;
  EXPECT_THAT(get(port), AllOf(StartsWith("HTTP/1.1 503 "),
                               EndsWith(service_health_body(web_, {port, 2}, false))));
  proxy_healthy_ = true;
  server_.set(web_, {port, 0});
  EXPECT_THAT(get(port), StartsWith("HTTP/1.1 503 "));
  server_.set(web_, {});
  EXPECT_FALSE(connect_to({ip("127.0.0.1"), port}));
  EXPECT_EQ(server_.counts().services, 0u);
}

TEST_F(ServiceHealthServerTest, APortChangeKeepsTheOtherListeners) {
  base::Port first = free_port();
  server_.set(web_, {first, 1});
  base::Port other = free_port();
  server_.set(shop_, {other, 1});
  base::UniqueFd kept = connect_to({ip("127.0.0.1"), other});
  base::Port second = free_port();
  server_.set(web_, {second, 1});
  EXPECT_FALSE(connect_to({ip("127.0.0.1"), first}));
  EXPECT_THAT(get(second), HasSubstr("\"web\""));
  fakes::send_all(kept, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(fakes::read_all(kept), HasSubstr("\"shop\""));
}

TEST_F(ServiceHealthServerTest, APortOfAnotherProgramConcernsOnlyItsService) {
  base::Result<base::UniqueFd> taken = listen_on({ip("127.0.0.1"), 0});
  ASSERT_TRUE(taken.ok());
  base::Port port = bound_address(taken->get())->port;
  server_.set(web_, {port, 1});
  EXPECT_TRUE(
      log_.wait_for("health check of a Service cannot be served; trying again "
                    "service=default/web"));
  base::Port other = free_port();
  server_.set(shop_, {other, 1});
  EXPECT_THAT(get(other), HasSubstr("\"shop\""));
  EXPECT_EQ(server_.counts().services, 2u);
  EXPECT_EQ(server_.counts().failing, 1u);
  taken->reset();
  EXPECT_TRUE(log_.wait_for("health check of a Service is served now service=default/web"));
  EXPECT_EQ(server_.counts().failing, 0u);
  EXPECT_THAT(get(port), HasSubstr("\"web\""));
}

TEST_F(ServiceHealthServerTest, APortOfTwoServicesGoesFromOneToTheOther) {
  base::Port port = free_port();
  server_.set(web_, {port, 1});
  server_.set(shop_, {port, 1});
  EXPECT_TRUE(log_.wait_for("health check port is another Service's"));
  EXPECT_EQ(server_.counts().failing, 1u);
  EXPECT_THAT(get(port), HasSubstr("\"web\""));
  server_.set(web_, {});
  EXPECT_EQ(server_.counts().failing, 0u);
  EXPECT_THAT(get(port), HasSubstr("\"shop\""));
  server_.set(web_, {port, 1});
  server_.set(web_, {});
  server_.set(shop_, {});
  EXPECT_FALSE(connect_to({ip("127.0.0.1"), port}));
  EXPECT_EQ(server_.counts().failing, 0u);
}

TEST_F(ServiceHealthServerTest, FollowsTheNodesAddresses) {
  base::Port port = free_port();
  server_.set(web_, {port, 1});
  server_.listen_at({ip("127.0.0.1"), ip("127.0.0.2")});
  EXPECT_THAT(ask({ip("127.0.0.2"), port}, "GET", "/"), StartsWith("HTTP/1.1 200 "));
  server_.listen_at({ip("127.0.0.2"), ip("192.0.2.77")});  // one that the host does not have
  EXPECT_FALSE(connect_to({ip("127.0.0.1"), port}));
  EXPECT_THAT(ask({ip("127.0.0.2"), port}, "GET", "/"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(server_.counts().failing, 1u);
  server_.listen_at({});
  EXPECT_EQ(server_.serving().size(), 0u);
  EXPECT_EQ(server_.counts().failing, 1u);
  server_.listen_at({ip("0.0.0.0")});
  EXPECT_EQ(server_.counts().failing, 0u);
  EXPECT_THAT(get(port), StartsWith("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace agent
