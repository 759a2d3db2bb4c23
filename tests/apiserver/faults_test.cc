// What a server does that misbehaves on command.
#include <gtest/gtest.h>

#include "tests/apiserver/sample_objects.h"
#include "tests/apiserver/test_client.h"

namespace apiserver {
namespace {

using Json = nlohmann::json;

constexpr char kServices[] = "/api/v1/services";

class Faulty : public testing::Test {
 protected:
  // A watch that has seen its first event, so that orders reach it.
  Watch open_watch() {
    EXPECT_TRUE(api_.server.put(make_service("default", "a", "10.96.0.2")).ok());
    Watch watch = api_.client->watch(std::string(kServices) + "?watch=1&resourceVersion=0");
    EXPECT_EQ(watch.event()["type"], "ADDED");
    return watch;
  }
  void change() {
    ASSERT_TRUE(api_.server.put(make_service("default", "a", "10.96.0.2", ++port_)).ok());
  }
  std::size_t order(WatchOrder::Kind kind, const std::string& text = "") {
    return api_.server.faults().order("services", {kind, text});
  }

  Running api_;
  int port_ = 80;
};

TEST_F(Faulty, AnswersAsOrderedForANumberOfRequests) {
  HttpResponse busy{429, "application/json", {{"Retry-After", "7"}}, "{}"};
  api_.server.faults().answer(2, {"services", FaultScope::Verb::kList}, busy);
  EXPECT_EQ(api_.client->get("/api/v1/nodes").status, 200);
  EXPECT_EQ(api_.client->get(kServices).retry_after, std::chrono::seconds(7));
  EXPECT_EQ(api_.client->get(kServices).status, 429);
  EXPECT_EQ(api_.client->get(kServices).status, 200);
  api_.server.faults().answer(1, {}, {200, "text/html", {}, "<html>log in</html>"});
  EXPECT_EQ(api_.client->get(kServices).body, "<html>log in</html>");
}

TEST_F(Faulty, ASilentWatchSpeaksLater) {
  Watch watch = open_watch();
  api_.server.faults().silence("services", true);
  change();
  Watch other = api_.client->watch("/api/v1/nodes?watch=1&resourceVersion=0");
  ASSERT_TRUE(api_.server.put(make_node("n", "10.0.0.1")).ok());
  EXPECT_EQ(other.event()["type"], "ADDED") << "only Services are silent";
  api_.server.faults().silence("services", false);
  EXPECT_EQ(watch.event()["type"], "MODIFIED");
}

TEST_F(Faulty, WatchesEndAndBreakAsOrdered) {
  {
    Watch watch = open_watch();
    EXPECT_EQ(order(WatchOrder::Kind::kEnd), 1U);
    EXPECT_FALSE(watch.line());
    EXPECT_TRUE(watch.ended().ok());
  }
  {
    Watch watch = open_watch();
    EXPECT_EQ(order(WatchOrder::Kind::kReset), 1U);
    EXPECT_FALSE(watch.line());
    EXPECT_EQ(watch.ended().code(), base::Code::kUnavailable);
  }
  {
    Watch watch = open_watch();
    EXPECT_EQ(order(WatchOrder::Kind::kTruncateNext), 1U);
    change();
    EXPECT_FALSE(watch.line());
    EXPECT_FALSE(watch.rest().empty());
    EXPECT_EQ(watch.ended().code(), base::Code::kUnavailable);
  }
  {
    Watch watch = open_watch();
    EXPECT_EQ(order(WatchOrder::Kind::kCutShort), 1U);
    change();
    EXPECT_FALSE(watch.line());
    EXPECT_FALSE(watch.rest().empty());
    EXPECT_TRUE(watch.ended().ok());
  }
}

TEST_F(Faulty, SendsAnythingOnAWatch) {
  Watch watch = open_watch();
  order(WatchOrder::Kind::kSend, R"({"type":"SPLIT","object":{}})");
  EXPECT_EQ(watch.event()["type"], "SPLIT");
  order(WatchOrder::Kind::kSend, R"({"type": "ADD)");
  EXPECT_EQ(watch.line(), R"({"type": "ADD)");
  api_.server.faults().duplicate_events = true;
  change();
  Json event = watch.event();
  EXPECT_EQ(watch.event(), event);
}

TEST_F(Faulty, RefusesAndAcceptsAgainAtTheSamePort) {
  EXPECT_EQ(api_.client->get(kServices).status, 200);
  std::string url = api_.server.url();
  api_.server.listener().refuse();
  api_.server.listener().abort_all(Connection::Abort::kReset);
  EXPECT_EQ(api_.client->get(kServices).status, 0);
  ASSERT_TRUE(api_.server.listener().accept_again().ok());
  EXPECT_EQ(api_.server.url(), url);
  EXPECT_EQ(api_.client->get(kServices).status, 200);
}

TEST_F(Faulty, ShowsAnExpiredCertificate) {
  CertificateRequest expired;
  expired.ip_addresses = {"127.0.0.1"};
  expired.lifetime = std::chrono::hours(-1);
  api_.server.use_certificate(api_.server.authority().issue("expired", expired));
  TestClient fresh(api_.server.kubeconfig());
  Answer refused = fresh.get(kServices);
  EXPECT_EQ(refused.status, 0);
  EXPECT_NE(refused.body.find("expired"), std::string::npos) << refused.body;
  api_.server.use_good_certificate();
  EXPECT_EQ(fresh.get(kServices).status, 200);
}

TEST_F(Faulty, StopsWithWatchesOpen) {
  Watch watch = open_watch();
  api_.server.faults().silence("", true);
  api_.server.stop();
  EXPECT_FALSE(watch.line());
  EXPECT_EQ(api_.server.faults().open_watches(""), 0U);
}

}  // namespace
}  // namespace apiserver
