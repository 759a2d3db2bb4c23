#include "tests/unit/watchers/reflector_fixture.h"

namespace watchers {
namespace {

using fakes::ScriptedAnswer;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST_F(PagedReflectorTest, AfterACleanEndTheWatchGoesOnAtTheLastVersion) {
  run({ok(list_json(7, {})), watch(event("ADDED", "a", 8)), watch(event("DELETED", "a", 9)),
       watch(bookmark(12)), watch("")});
  EXPECT_THAT(delivered_, ElementsAre("synced", "-default/a"));
  EXPECT_THAT(paths_[2], testing::EndsWith("&resourceVersion=8"));
  EXPECT_THAT(paths_[3], testing::EndsWith("&resourceVersion=9"));
  EXPECT_THAT(paths_[4], testing::EndsWith("&resourceVersion=12"));
  EXPECT_THAT(paths_[5], testing::EndsWith("&resourceVersion=12"));
  EXPECT_THAT(waiter_.waits(), IsEmpty());
  EXPECT_THAT(status_.errors, IsEmpty());
}

TEST_F(PagedReflectorTest, AHalfEventAtABreakIsNotTaken) {
  std::string cut = event("ADDED", "b", 9);
  run({ok(list_json(7, {})),
       watch(event("ADDED", "a", 8) + cut.substr(0, cut.size() / 2)).breaks("reset by peer"),
       watch(cut).hangs()});
  EXPECT_THAT(delivered_, ElementsAre("synced", "default/a=8", "default/b=9"));
  EXPECT_THAT(paths_[2], testing::EndsWith("&resourceVersion=8"));
  EXPECT_THAT(status_.last_error, HasSubstr("reset by peer"));
  EXPECT_THAT(waiter_.waits(), IsEmpty()) << "a watch that lived is opened again at once";
}

TEST_F(PagedReflectorTest, AnEventThatComesTwiceIsDeliveredOnce) {
  run({ok(list_json(7, {service_json("a", 5)})), watch(event("MODIFIED", "a", 5)).hangs()});
  auto again = mailbox_.take();
  EXPECT_THAT(delivered_, ElementsAre("default/a=5", "synced"));
  EXPECT_THAT(again, IsEmpty());
}

TEST_F(PagedReflectorTest, AShortSilentWatchIsAFailure) {
  run({ok(list_json(7, {})), ok(), ok(), ok().pass(milliseconds(999)), watch("")});
  EXPECT_THAT(status_.errors, ElementsAre(Pair("short_watch", 3)));
  EXPECT_THAT(waiter_.waits(),
              ElementsAre(milliseconds(800), milliseconds(1600), milliseconds(3200)));
}

TEST_F(PagedReflectorTest, ABreakWithinASecondIsFollowedByAWait) {
  run({ok(list_json(7, {})), ok(event("ADDED", "a", 8)).breaks("reset"),
       watch(bookmark(9)).breaks("idle")});
  EXPECT_THAT(waiter_.waits(), ElementsAre(milliseconds(800)));
  EXPECT_EQ(status_.errors.at("connection"), 2U);
}

TEST_F(PagedReflectorTest, RefusedConnectionsWaitLongerAndLongerAndListNothingAgain) {
  std::vector<ScriptedAnswer> script;
  script.push_back(ok(list_json(7, {})));
  for (int i = 0; i < 8; ++i) {
    script.push_back(ScriptedAnswer::failure(base::Code::kUnavailable, "connection refused"));
  }
  run(std::move(script));
  EXPECT_THAT(
      waiter_.waits(),
      ElementsAre(milliseconds(800), milliseconds(1600), milliseconds(3200), milliseconds(6400),
                  milliseconds(12800), milliseconds(25600), seconds(30), seconds(30)));
  for (std::size_t i = 1; i < paths_.size(); ++i) {
    EXPECT_THAT(paths_[i], testing::EndsWith("&resourceVersion=7"));
  }
  EXPECT_EQ(status_.errors.at("connection"), 8U);
  EXPECT_THAT(status_.last_error, HasSubstr("services: connection refused"));
}

TEST_F(PagedReflectorTest, TwoGoodMinutesMakeTheNextWaitTheFirst) {
  auto refused = [] { return ScriptedAnswer::failure(base::Code::kUnavailable, "refused"); };
  std::vector<ScriptedAnswer> script;
  script.push_back(refused());
  script.push_back(refused());
  script.push_back(ok(list_json(7, {})));
  script.push_back(ok(bookmark(8)).pass(seconds(100)));
  script.push_back(refused());
  script.push_back(ok(bookmark(9)).pass(seconds(121)));
  script.push_back(refused());
  run(std::move(script));
  EXPECT_THAT(waiter_.waits(), ElementsAre(milliseconds(800), milliseconds(1600),
                                           milliseconds(3200), milliseconds(800)));
}

TEST_F(ReflectorTest, WaitsHaveJitter) {
  options_.backoff.jitter = 1.0;
  options_.seed = 7;
  std::vector<ScriptedAnswer> script;
  for (int i = 0; i < 4; ++i) {
    script.push_back(ScriptedAnswer::failure(base::Code::kUnavailable, "refused"));
  }
  run(std::move(script));
  base::Duration least = milliseconds(800);
  ASSERT_THAT(waiter_.waits(), SizeIs(4));
  for (base::Duration wait : waiter_.waits()) {
    EXPECT_GT(wait, least);
    EXPECT_LT(wait, 2 * least);
    least *= 2;
  }
}

TEST_F(PagedReflectorTest, TooManyRequestsWaitsAsToldAndWatchesAgain) {
  run({ok(list_json(7, {})),
       ScriptedAnswer::http(429, status_json(429, "TooManyRequests")).retry_after(seconds(17)),
       watch(bookmark(8) + R"({"type":"ERROR","object":)" +
             status_json(429, "TooManyRequests", "", R"({"retryAfterSeconds":9})") + "}"),
       ScriptedAnswer::http(429, "slow down", "text/plain")});
  EXPECT_THAT(waiter_.waits(), ElementsAre(seconds(17), seconds(9), milliseconds(3200)));
  EXPECT_THAT(paths_[2], testing::EndsWith("&resourceVersion=7"));
  EXPECT_THAT(paths_[4], testing::EndsWith("&resourceVersion=8"));
  EXPECT_THAT(status_.errors, UnorderedElementsAre(Pair("http_429", 2), Pair("event_429", 1)));
}

TEST_F(PagedReflectorTest, AnEndlessRetryAfterIsCut) {
  run({ScriptedAnswer::http(503, "").retry_after(std::chrono::hours(100))});
  EXPECT_THAT(waiter_.waits(), ElementsAre(std::chrono::minutes(5)));
}

TEST_F(PagedReflectorTest, ServerErrorsAreWatchedThroughAndThenListed) {
  run({ok(list_json(7, {})), watch(error_event(500, "InternalError")),
       ScriptedAnswer::http(503, "away", "text/plain"),
       ScriptedAnswer::http(500, status_json(500, "InternalError")), ok(list_json(9, {})),
       ok().hangs()});
  EXPECT_THAT(paths_[2], testing::EndsWith("&resourceVersion=7"));
  EXPECT_THAT(paths_[3], testing::EndsWith("&resourceVersion=7"));
  EXPECT_EQ(paths_[4], kSelected + std::string("resourceVersion=7"));
  EXPECT_THAT(waiter_.waits(), SizeIs(3));
}

TEST_F(PagedReflectorTest, ExpiryRightAfterAListWaits) {
  run({ok(list_json(7, {})), ScriptedAnswer::http(410, ""), ok(list_json(7, {})),
       ScriptedAnswer::http(410, ""), ok(list_json(7, {})), ok().hangs()});
  EXPECT_THAT(waiter_.waits(), ElementsAre(milliseconds(800), milliseconds(1600)));
}

TEST_F(PagedReflectorTest, AnEventOfAnUnknownTypeIsReportedAndTheWatchGoesOn) {
  run({ok(list_json(7, {})), watch(event("PARTY", "a", 8) + event("ADDED", "b", 9) +
                                   "{\"type\":7}\n" + event("ADDED", "c", 10))
                                 .hangs()});
  EXPECT_THAT(delivered_, Contains("!default/a"));
  EXPECT_THAT(delivered_, Contains("default/b=9"));
  EXPECT_THAT(delivered_, Contains("default/c=10"));
  EXPECT_EQ(status_.rejected, 2U);
  EXPECT_EQ(status_.resource_version, "10");
}

TEST_F(PagedReflectorTest, ABrokenObjectIsReportedAndTheWatchGoesOn) {
  run({ok(list_json(7, {})),
       watch(event("ADDED", "a", 8) +
             R"({"type":"ADDED","object":{"metadata":{"name":"x","namespace":"default",)"
             R"("resourceVersion":"9"},"spec":{"clusterIP":"no","ports":[{"port":1}]}}})" +
             event("ADDED", "b", 10))
           .hangs()});
  EXPECT_THAT(delivered_, ElementsAre("synced", "default/a=8", "!default/x", "default/b=10"));
  EXPECT_EQ(status_.rejected, 1U);
}

TEST_F(PagedReflectorTest, AWatchThatCannotBeFollowedIsOpenedAgain) {
  run({ok(list_json(7, {})), watch(event("ADDED", "a", 8) + "]]"), watch("nonsense"),
       watch("nonsense"), ok(list_json(9, {service_json("a", 8)})), ok().hangs()});
  EXPECT_EQ(status_.errors.at("corrupt"), 3U);
  EXPECT_THAT(paths_[2], testing::EndsWith("&resourceVersion=8"));
  EXPECT_EQ(paths_[4], kSelected + std::string("resourceVersion=8"));
}

}  // namespace
}  // namespace watchers
