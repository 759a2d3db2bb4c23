#include "agent/event_sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>

#include "tests/fakes/http_probe.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/manual_waiter.h"
#include "tests/fakes/scripted_rest_client.h"

namespace agent {
namespace {

using namespace std::chrono_literals;
using fakes::ScriptedAnswer;
using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;

KubernetesEvent event_of(const std::string& name, const std::string& note = "of no use") {
  return {.kind = "Service",
          .object = {"shop", name},
          .uid = "u-1",
          .reason = "ServiceNotFullyServed",
          .note = note};
}

class EventSenderTest : public ::testing::Test {
 protected:
  void start(bool enabled = true) {
    sender_ = std::make_unique<EventSender>(
        client_, clock_, waiter_, log_,
        EventSenderOptions{
            .node = "node-a", .seed = 1, .enabled = enabled, .on_outcome = [this](auto outcome) {
              std::lock_guard lock(mutex_);
              ++outcomes_[outcome];
              changed_.notify_all();
            }});
    sender_->start();
  }
  ~EventSenderTest() override {
    client_.shut_down();
    if (sender_) sender_->stop();
  }
  // Waits until so many events have come to an end.
  std::map<EventOutcome, int> outcomes(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      int sum = 0;
      for (const auto& [outcome, number] : outcomes_) sum += number;
      return sum >= count;
    });
    return outcomes_;
  }

  fakes::ManualClock clock_;
  fakes::ManualWaiter waiter_{clock_};
  fakes::ScriptedRestClient client_;
  fakes::RecordingLog log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<EventOutcome, int> outcomes_;
  std::unique_ptr<EventSender> sender_;
};

TEST_F(EventSenderTest, SendsAnEventOfTheApi) {
  client_.answer(ScriptedAnswer::http(201, "{}"));
  start();
  sender_->post(event_of("web", "port 80 \"http\": taken"));
  EXPECT_THAT(outcomes(1), ElementsAre(Pair(EventOutcome::kSent, 1)));
  ASSERT_THAT(client_.requests(), SizeIs(1));
  EXPECT_EQ(client_.requests()[0].path, "/apis/events.k8s.io/v1/namespaces/shop/events");
  const nlohmann::json sent = nlohmann::json::parse(client_.requests()[0].json);
  EXPECT_EQ(sent["note"], "port 80 \"http\": taken");
  EXPECT_EQ(sent["type"], "Warning");
  EXPECT_EQ(sent["reportingInstance"], "node-a");
  EXPECT_EQ(sent["metadata"]["namespace"], "shop");
  EXPECT_EQ(sent["regarding"],
            nlohmann::json::parse(R"({"apiVersion": "v1", "kind": "Service", "name": "web",
                                      "namespace": "shop", "uid": "u-1"})"));
  EXPECT_LE(waiter_.waits().at(0), EventSender::kSpread);
}

TEST_F(EventSenderTest, SaysNothingTwiceWithinMinutes) {
  for (int i = 0; i < 3; ++i) client_.answer(ScriptedAnswer::http(201));
  start();
  sender_->post(event_of("web"));
  (void)outcomes(1);
  sender_->post(event_of("web"));
  sender_->post(event_of("web", "something else"));
  EXPECT_THAT(outcomes(3),
              ElementsAre(Pair(EventOutcome::kSent, 2), Pair(EventOutcome::kRepeated, 1)));
  clock_.advance(EventSender::kQuiet);
  sender_->post(event_of("web"));
  EXPECT_EQ(outcomes(4)[EventOutcome::kSent], 3);
}

TEST_F(EventSenderTest, LosesWhatIsTooMuchAndWhatTheApiRefuses) {
  client_.answer(ScriptedAnswer::http(409, "{}"));
  client_.answer(ScriptedAnswer::http(403, "forbidden"));
  for (int i = 0; i < 2; ++i) {
    client_.answer(ScriptedAnswer::failure(base::Code::kUnavailable, "connection refused"));
  }
  for (int i = 3; i < 200; ++i) client_.answer(ScriptedAnswer::http(201));
  start();
  for (int i = 0; i < 200; ++i) sender_->post(event_of("web-" + std::to_string(i)));
  std::map<EventOutcome, int> all = outcomes(200);
  EXPECT_EQ(all[EventOutcome::kKnown], 1);
  EXPECT_EQ(all[EventOutcome::kFailed], 2);
  // Some more may have come in while the first waited: time passes then.
  EXPECT_GE(all[EventOutcome::kSent], 22);
  EXPECT_GE(all[EventOutcome::kDropped], 100);
  EXPECT_TRUE(log_.wait_for("HTTP status 403: forbidden"));
  EXPECT_TRUE(log_.wait_for("connection refused"));
}

TEST_F(EventSenderTest, SendsAgainWhereAnOldConnectionBreaks) {
  client_.answer(ScriptedAnswer::failure(base::Code::kUnavailable, "closed"));
  client_.answer(ScriptedAnswer::http(201));
  start();
  sender_->post(event_of("web"));
  EXPECT_THAT(outcomes(1), ElementsAre(Pair(EventOutcome::kSent, 1)));
  EXPECT_EQ(client_.requests().at(0).json, client_.requests().at(1).json);
}

TEST_F(EventSenderTest, SendsNothingWhereItIsSwitchedOff) {
  client_.answer(ScriptedAnswer::http(201));
  start(false);
  sender_->post(event_of("web"));
  sender_->set_enabled(true);
  sender_->post(event_of("shop"));
  EXPECT_THAT(outcomes(1), ElementsAre(Pair(EventOutcome::kSent, 1)));
  EXPECT_THAT(client_.requests(), SizeIs(1));
}

TEST_F(EventSenderTest, EndsWhileARequestHangs) {
  start();
  sender_->post(event_of("web"));
  client_.wait_until_used_up();
  client_.shut_down();
  sender_->stop();
  EXPECT_THAT(outcomes(1), ElementsAre(Pair(EventOutcome::kFailed, 1)));
}

TEST(KubernetesEvent, IsOneForAllNodesUnlessItIsOfOne) {
  const base::WallTime now{std::chrono::hours(500'000)};
  auto name_of = [&](const KubernetesEvent& event, const char* node, base::Duration later = {}) {
    return nlohmann::json::parse(to_json(event, node, now + later))["metadata"]["name"]
        .get<std::string>();
  };
  KubernetesEvent event = event_of("web");
  EXPECT_EQ(name_of(event, "a"), name_of(event, "b"));
  EXPECT_EQ(name_of(event, "a"), name_of(event, "a", 59min));
  EXPECT_NE(name_of(event, "a"), name_of(event, "a", 60min));
  EXPECT_NE(name_of(event, "a"), name_of(event_of("web", "another note"), "a"));
  event.of_this_node = true;
  EXPECT_NE(name_of(event, "a"), name_of(event, "b"));
}

TEST(KubernetesEvent, KeepsToTheLimitsOfTheApi) {
  KubernetesEvent event{.kind = "Node",
                        .object = {"", std::string(253, 'n')},
                        .uid = "",
                        .reason = "ServiceProxyDegraded",
                        .note = std::string(999, 'x') + "\xc3\xa4\xc3\xa4"};
  const nlohmann::json sent =
      nlohmann::json::parse(to_json(event, std::string(253, 'n'), base::WallTime(1790000000s)));
  EXPECT_EQ(sent["metadata"]["namespace"], "default");
  EXPECT_LE(sent["metadata"]["name"].get<std::string>().size(), 253u);
  EXPECT_EQ(sent["note"], std::string(999, 'x'));  // not half a character
  EXPECT_EQ(sent["reportingInstance"].get<std::string>().size(), 128u);
  EXPECT_EQ(sent["eventTime"], "2026-09-21T14:13:20.000000Z");
  EXPECT_FALSE(sent["regarding"].contains("namespace"));
}

}  // namespace
}  // namespace agent
