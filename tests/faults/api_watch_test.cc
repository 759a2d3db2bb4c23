// The watchers from socket to mailbox against an API server that misbehaves: what is delivered in
// the end is what the server holds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <list>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "tests/apiserver/sample_objects.h"
#include "tests/apiserver/test_api_server.h"
#include "watchers/cluster_snapshot.h"
#include "watchers/json_decoder.h"
#include "watchers/kubeconfig.h"
#include "watchers/reflector.h"
#include "watchers/rest_cpprest.h"

namespace {

using apiserver::WatchOrder;
using watchers::Kind;
using watchers::ObjectKey;

class ApiWatch : public testing::Test {
 protected:
  ApiWatch() {
    EXPECT_TRUE(server_.start().ok());
    EXPECT_TRUE(server_.put(apiserver::make_node("node-1", "192.0.2.1")));
  }
  ~ApiWatch() override {
    if (client_) client_->shut_down();
    for (Source& source : sources_) source.reflector->stop();
  }

  void watch() {
    watchers::AccessOptions options;
    options.kubeconfig = server_.kubeconfig();
    auto access = watchers::find_cluster_access(options);
    ASSERT_TRUE(access) << access.status().message();
    client_ = std::make_unique<watchers::CpprestClient>(*access, clock_);
    add(watchers::services());
    add(watchers::endpoint_slices());
    add(watchers::own_node("node-1"));
  }

  void add(watchers::WatchedResource resource) {
    Source& source = sources_.emplace_back();
    watchers::ReflectorOptions options;
    options.resource = std::move(resource);
    options.backoff = {.first = std::chrono::milliseconds(10),
                       .cap = std::chrono::milliseconds(100)};
    source.reflector = std::make_unique<watchers::Reflector>(
        std::move(options), *client_,
        [](watchers::Resource kind) { return std::make_unique<watchers::JsonDecoder>(kind); },
        mailbox_, clock_, source.waiter);
    source.reflector->start();
  }

  // Applies what comes until `done`; false when it does not come within a minute.
  template <typename Done>
  bool follow_until(Done done) {
    const base::TimePoint deadline = clock_.now() + std::chrono::seconds(60);
    while (!done()) {
      if (clock_.now() > deadline) return false;
      pollfd ready{.fd = mailbox_.readable_fd(), .events = POLLIN, .revents = 0};
      poll(&ready, 1, 100);
      for (auto& [key, event] : mailbox_.take()) snapshot_.apply(key, event.news);
    }
    return true;
  }
  bool synced() const {
    return snapshot_.synced(Kind::kService) && snapshot_.synced(Kind::kEndpointSlice) &&
           snapshot_.synced(Kind::kNode);
  }
  bool knows(const std::string& name) const {
    return snapshot_.service({.space = "default", .name = name}) != nullptr;
  }
  void put(const std::string& name, const std::string& address) {
    EXPECT_TRUE(server_.put(apiserver::make_service("default", name, address)));
  }
  std::uint64_t lists() const { return sources_.front().reflector->status().lists; }

  struct Source {
    watchers::SystemWaiter waiter;
    std::unique_ptr<watchers::Reflector> reflector;
  };

  base::SystemClock clock_;
  apiserver::TestApiServer server_;
  watchers::EventMailbox mailbox_;
  watchers::ClusterSnapshot snapshot_;
  std::unique_ptr<watchers::CpprestClient> client_;
  std::list<Source> sources_;
};

TEST_F(ApiWatch, DeliversAThousandServicesAndThenEachChange) {
  apiserver::load_bulk(server_.store(), 1000, 10);
  watch();
  ASSERT_TRUE(follow_until([&] { return synced(); }));
  EXPECT_EQ(snapshot_.service_count(), 1000u);
  EXPECT_EQ(snapshot_.slice_count(), 1000u);
  ASSERT_NE(snapshot_.node(), nullptr);
  put("web", "10.99.0.1");
  EXPECT_TRUE(follow_until([&] { return knows("web"); }));
  EXPECT_TRUE(server_.erase("Service", "default", "web").ok());
  EXPECT_TRUE(follow_until([&] { return !knows("web"); }));
}

TEST_F(ApiWatch, GoesOnAfterEveryKindOfBreak) {
  put("first", "10.99.0.1");
  watch();
  ASSERT_TRUE(follow_until([&] { return synced() && knows("first"); }));
  int number = 0;
  for (WatchOrder::Kind kind : {WatchOrder::Kind::kEnd, WatchOrder::Kind::kReset,
                                WatchOrder::Kind::kTruncateNext, WatchOrder::Kind::kCutShort}) {
    ASSERT_TRUE(follow_until([&] { return server_.faults().open_watches("services") == 1; }));
    server_.faults().order("services", {.kind = kind, .text = ""});
    ++number;
    std::string name = "after-" + std::to_string(number);
    put(name, "10.99.1." + std::to_string(number));
    EXPECT_TRUE(follow_until([&] { return knows(name); })) << number;
  }
  // Each time the watch went on where it broke.
  EXPECT_EQ(lists(), 1u);
  EXPECT_TRUE(knows("first"));
}

TEST_F(ApiWatch, GoesOnAfterTheServerWasAway) {
  put("first", "10.99.0.1");
  watch();
  ASSERT_TRUE(follow_until([&] { return synced() && knows("first"); }));
  server_.listener().refuse();
  server_.listener().abort_all(apiserver::Connection::Abort::kReset);
  put("second", "10.99.0.2");
  EXPECT_TRUE(server_.erase("Service", "default", "first").ok());
  ASSERT_TRUE(
      follow_until([&] { return !sources_.front().reflector->status().last_error.empty(); }));
  ASSERT_TRUE(server_.listener().accept_again().ok());
  EXPECT_TRUE(follow_until([&] { return knows("second") && !knows("first"); }));
}

TEST_F(ApiWatch, TellsAnExpiredServerCertificateAndRecovers) {
  put("first", "10.99.0.1");
  server_.use_certificate(server_.authority().issue("expired", {.common_name = "kube-apiserver",
                                                                .organization = "",
                                                                .dns_names = {"localhost"},
                                                                .ip_addresses = {"127.0.0.1"},
                                                                .lifetime = -std::chrono::hours(1),
                                                                .trusted = true}));
  watch();
  ASSERT_TRUE(
      follow_until([&] { return !sources_.front().reflector->status().last_error.empty(); }));
  watchers::ReflectorStatus status = sources_.front().reflector->status();
  EXPECT_THAT(status.last_error, testing::HasSubstr("certificate has expired"));
  EXPECT_THAT(status.errors, testing::Contains(testing::Key("certificate")));
  server_.use_good_certificate();
  EXPECT_TRUE(follow_until([&] { return synced() && knows("first"); }));
}

}  // namespace
