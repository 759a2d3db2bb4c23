#include "watchers/reflector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/manual_clock.h"
#include "tests/fakes/manual_waiter.h"
#include "tests/fakes/scripted_rest_client.h"
#include "watchers/json_decoder.h"

namespace watchers {
namespace {

using fakes::ScriptedAnswer;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

std::string service_json(const std::string& name, int version) {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"default","resourceVersion":")" +
         std::to_string(version) + R"("},"spec":{"clusterIP":"10.0.0.1","ports":[{"port":80}]}})";
}

std::string event(const std::string& type, const std::string& name, int version) {
  return R"({"type":")" + type + R"(","object":)" + service_json(name, version) + "}\n";
}

std::string bookmark(int version, bool end_of_list = false) {
  std::string annotations =
      end_of_list ? R"(,"annotations":{"k8s.io/initial-events-end":"true"})" : "";
  return R"({"type":"BOOKMARK","object":{"kind":"Service","metadata":{"resourceVersion":")" +
         std::to_string(version) + "\"" + annotations + "}}}\n";
}

std::string status_json(int code, const std::string& reason, const std::string& message = "",
                        const std::string& details = "{}") {
  return R"({"kind":"Status","status":"Failure","reason":")" + reason + R"(","message":")" +
         message + R"(","details":)" + details + R"(,"code":)" + std::to_string(code) + "}";
}

std::string error_event(int code, const std::string& reason) {
  return R"({"type":"ERROR","object":)" + status_json(code, reason) + "}\n";
}

std::string list_json(int version, const std::vector<std::string>& items,
                      const std::string& continue_token = "") {
  std::string text = R"({"kind":"ServiceList","metadata":{"resourceVersion":")" +
                     std::to_string(version) + R"(","continue":")" + continue_token +
                     R"("},"items":[)";
  for (const std::string& item : items) text += (text.ends_with('[') ? "" : ",") + item;
  return text + "]}";
}

ScriptedAnswer ok(std::string body = "") { return ScriptedAnswer::http(200, std::move(body)); }

// A watch that ends properly after some time.
ScriptedAnswer watch(std::string body) { return ok(std::move(body)).pass(seconds(5)); }

class ReflectorTest : public ::testing::Test {
 protected:
  ReflectorTest() {
    options_.resource = services();
    options_.backoff.jitter = 0.0;
    options_.on_failure = [this](std::string_view text) { failures_.emplace_back(text); };
  }

  // Runs until the script is used up, and stops. What came is in the members below.
  void run(std::vector<ScriptedAnswer> script) {
    for (ScriptedAnswer& answer : script) client_.answer(std::move(answer));
    Reflector reflector(
        options_, client_, [](Resource r) { return std::make_unique<JsonDecoder>(r); }, mailbox_,
        clock_, waiter_);
    reflector.start();
    client_.wait_until_used_up();
    status_ = reflector.status();
    for (auto& [key, news] : mailbox_.take()) delivered_.push_back(describe(key, news));
    for (const auto& request : client_.requests()) paths_.push_back(request.path);
    client_.shut_down();
    reflector.stop();
    EXPECT_EQ(reflector.status().state, ReflectorState::kStopped);
  }

  // "default/a=7", "-default/a", "!default/a", "synced".
  static std::string describe(const EventKey& key, const ObjectEvent& event) {
    std::string name = to_string(key.object);
    if (std::holds_alternative<Deleted>(event.news)) return "-" + name;
    if (std::holds_alternative<Rejected>(event.news)) return "!" + name;
    if (std::holds_alternative<Synced>(event.news)) return "synced";
    if (const auto* slice = std::get_if<std::shared_ptr<const EndpointSlice>>(&event.news)) {
      return name + "=" + (*slice)->resource_version;
    }
    return name + "=" + std::get<std::shared_ptr<const Service>>(event.news)->resource_version;
  }

  fakes::ManualClock clock_;
  fakes::ManualWaiter waiter_{clock_};
  fakes::ScriptedRestClient client_{&clock_};
  EventMailbox mailbox_;
  ReflectorOptions options_;

  std::vector<std::string> delivered_;
  std::vector<std::string> paths_;
  std::vector<std::string> failures_;
  ReflectorStatus status_;
};

class PagedReflectorTest : public ReflectorTest {
 protected:
  PagedReflectorTest() { options_.streaming_lists = false; }
};

const char* const kSelected =
    "/api/v1/services?labelSelector=%21service.kubernetes.io%2Fservice-proxy-name&"
    "fieldSelector=spec.clusterIP%21%3DNone&";

// --- Streaming lists ---------------------------------------------------------------------------

TEST_F(ReflectorTest, AStreamingListIsAWatchThatGoesOn) {
  run({watch(event("ADDED", "a", 3) + event("ADDED", "b", 5) + bookmark(9, true) +
             event("MODIFIED", "a", 11) + bookmark(20))});
  EXPECT_THAT(delivered_, ElementsAre("default/a=11", "default/b=5", "synced"));
  ASSERT_THAT(paths_, SizeIs(2));
  EXPECT_THAT(paths_[0],
              AllOf(StartsWith(kSelected + std::string("watch=1&allowWatchBookmarks=true&")),
                    HasSubstr("&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"),
                    Not(HasSubstr("resourceVersion="))));
  EXPECT_THAT(paths_[1], AllOf(StartsWith(kSelected), testing::EndsWith("&resourceVersion=20"),
                               Not(HasSubstr("sendInitialEvents"))));
  EXPECT_TRUE(status_.synced);
  EXPECT_TRUE(status_.streaming_lists);
  EXPECT_EQ(status_.resource_version, "20");
  EXPECT_EQ(status_.objects, 2U);
  EXPECT_EQ(status_.lists, 1U);
  EXPECT_EQ(status_.watches, 1U);
  EXPECT_EQ(status_.events, 5U);
  EXPECT_EQ(status_.resource, "services");
  EXPECT_THAT(status_.errors, IsEmpty());
  EXPECT_THAT(waiter_.waits(), IsEmpty());
}

TEST_F(ReflectorTest, WatchesAskForARandomEndAndNoCompression) {
  run({watch(bookmark(1, true)), watch(bookmark(2)), watch(bookmark(3)), watch(bookmark(4))});
  std::vector<std::string> ends;
  for (const auto& request : client_.requests()) {
    std::size_t at = request.path.find("timeoutSeconds=");
    ASSERT_NE(at, std::string::npos);
    int end = std::stoi(request.path.substr(at + 15));
    EXPECT_GE(end, 300);
    EXPECT_LE(end, 600);
    ends.push_back(std::to_string(end));
    EXPECT_FALSE(request.options.compressed);
    EXPECT_EQ(request.options.idle_timeout, seconds(95));
    EXPECT_EQ(request.options.accept, "application/json");
  }
  EXPECT_THAT(ends, Not(testing::Each(ends[0])));
}

TEST_F(ReflectorTest, BeforeTheEndMarkNoVersionIsTakenAndNothingIsSynced) {
  run({watch(event("ADDED", "a", 3) + bookmark(4)).breaks("reset"),
       watch(event("ADDED", "a", 3) + event("ADDED", "b", 4) + bookmark(9, true)).hangs()});
  EXPECT_THAT(delivered_, ElementsAre("default/a=3", "default/b=4", "synced"));
  EXPECT_THAT(paths_[1], Not(HasSubstr("&resourceVersion=")));
  EXPECT_THAT(status_.errors, UnorderedElementsAre(Pair("connection", 1), Pair("no_end_mark", 1)));
}

TEST_F(ReflectorTest, ChangesDuringAStreamingListCount) {
  run({watch(event("ADDED", "a", 3) + event("ADDED", "b", 4) + event("MODIFIED", "a", 6) +
             event("DELETED", "b", 7) + bookmark(9, true))
           .hangs()});
  EXPECT_THAT(delivered_, ElementsAre("default/a=6", "-default/b", "synced"));
  EXPECT_EQ(status_.objects, 1U);
}

TEST_F(ReflectorTest, AServerThatRefusesStreamingListsGetsLists) {
  run({ScriptedAnswer::http(400, status_json(400, "BadRequest", "field label not supported")),
       ScriptedAnswer::http(422, status_json(422, "Invalid", "sendInitialEvents is forbidden")),
       ok(list_json(7, {service_json("a", 3)})), watch(bookmark(8)).hangs()});
  EXPECT_THAT(delivered_, ElementsAre("default/a=3", "synced"));
  ASSERT_THAT(paths_, SizeIs(4));
  EXPECT_THAT(paths_[1], AllOf(HasSubstr("sendInitialEvents"), Not(HasSubstr("fieldSelector"))));
  EXPECT_THAT(paths_[2], AllOf(testing::EndsWith("&limit=500&resourceVersion=0"),
                               Not(HasSubstr("fieldSelector"))));
  EXPECT_THAT(paths_[3], testing::EndsWith("&resourceVersion=7"));
  EXPECT_FALSE(status_.streaming_lists);
  EXPECT_THAT(waiter_.waits(), IsEmpty());
}

TEST_F(ReflectorTest, AServerThatNeverSendsTheEndMarkGetsLists) {
  run({watch(event("ADDED", "a", 3)), watch(event("ADDED", "a", 3)),
       ok(list_json(7, {service_json("a", 3)})), ok().hangs()});
  EXPECT_THAT(delivered_, ElementsAre("default/a=3", "synced"));
  EXPECT_THAT(paths_[2], HasSubstr("&resourceVersion=0"));
  EXPECT_THAT(status_.errors, ElementsAre(Pair("no_end_mark", 2)));
}

TEST_F(ReflectorTest, AStreamingListAfterABreakYieldsDeletionsAndOnlyChanges) {
  run({watch(event("ADDED", "a", 3) + event("ADDED", "b", 4) + event("ADDED", "c", 5) +
             bookmark(9, true) + error_event(410, "Expired")),
       watch(event("ADDED", "a", 3) + event("ADDED", "c", 12) + bookmark(15, true)).hangs()});
  EXPECT_THAT(delivered_, ElementsAre("default/a=3", "-default/b", "default/c=12", "synced"));
  EXPECT_THAT(paths_[1], testing::EndsWith("&resourceVersion=9"));
  EXPECT_EQ(status_.objects, 2U);
  EXPECT_EQ(status_.lists, 2U);
}

TEST_F(ReflectorTest, AnExpiredStreamingListAsksForTheNewestState) {
  run({watch(bookmark(9, true) + bookmark(10) + error_event(410, "Expired")),
       watch(error_event(410, "Expired")), watch(bookmark(50, true)).hangs()});
  EXPECT_THAT(paths_[1], testing::EndsWith("&resourceVersion=10"));
  EXPECT_THAT(paths_[2],
              AllOf(HasSubstr("sendInitialEvents"), Not(HasSubstr("&resourceVersion="))));
  EXPECT_EQ(status_.resource_version, "50");
  EXPECT_THAT(waiter_.waits(), IsEmpty());
}

// --- Lists by pages ----------------------------------------------------------------------------

TEST_F(PagedReflectorTest, ReadsPagesToTheEndAndWatchesFromThere) {
  run({ok(list_json(7, {service_json("a", 1), service_json("b", 2)}, "t/1=")),
       ok(list_json(7, {service_json("c", 3)})), ok().hangs()});
  EXPECT_THAT(delivered_, ElementsAre("default/a=1", "default/b=2", "default/c=3", "synced"));
  EXPECT_EQ(paths_[0], kSelected + std::string("limit=500&resourceVersion=0"));
  EXPECT_EQ(paths_[1], kSelected + std::string("limit=500&continue=t%2F1%3D"));
  EXPECT_THAT(paths_[2], testing::EndsWith("&resourceVersion=7"));
  EXPECT_TRUE(client_.requests()[0].options.compressed);
  EXPECT_FALSE(client_.requests()[2].options.compressed);
}

TEST_F(PagedReflectorTest, AnExpiredPageMeansAListInOnePiece) {
  run({ok(list_json(7, {service_json("a", 1)}, "t")),
       ScriptedAnswer::http(410, status_json(410, "Expired")),
       ok(list_json(9, {service_json("a", 1), service_json("b", 8)})), ok().hangs()});
  EXPECT_THAT(delivered_, ElementsAre("default/a=1", "default/b=8", "synced"));
  EXPECT_EQ(paths_[2], kSelected + std::string("resourceVersion=0"));
  EXPECT_THAT(waiter_.waits(), IsEmpty());
}

TEST_F(PagedReflectorTest, AfterExpiryTheListStartsAtTheLastVersionThenAtTheNewest) {
  run({ok(list_json(7, {service_json("a", 1), service_json("b", 2)})), watch(bookmark(8)),
       ScriptedAnswer::http(410, status_json(410, "Expired")),
       ScriptedAnswer::http(504, status_json(504, "Timeout", "Too large resource version: 8")),
       ok(list_json(5, {service_json("b", 2)})), ok().hangs()});
  EXPECT_THAT(delivered_, ElementsAre("-default/a", "default/b=2", "synced"));
  EXPECT_EQ(paths_[3], kSelected + std::string("resourceVersion=8"));
  EXPECT_EQ(paths_[4], kSelected + std::string("limit=500"));
  EXPECT_THAT(paths_[5], testing::EndsWith("&resourceVersion=5"));
  EXPECT_THAT(waiter_.waits(), IsEmpty());
}

TEST_F(PagedReflectorTest, TooLargeVersionsAreKnownByTheirCauseToo) {
  run({ScriptedAnswer::http(504,
                            status_json(504, "Timeout", "x",
                                        R"({"causes":[{"reason":"ResourceVersionTooLarge"}]})")),
       ok(list_json(5, {})), ok().hangs()});
  EXPECT_EQ(paths_[1], kSelected + std::string("limit=500"));
}

TEST_F(PagedReflectorTest, AListThatBreaksOffDeletesNothing) {
  run({ok(list_json(7, {service_json("a", 1), service_json("b", 2)})),
       watch(bookmark(8) + error_event(410, "Gone")),
       ok(R"({"kind":"ServiceList","metadata":{"resourceVersion":"9"},"items":[)" +
          service_json("b", 2))
           .breaks("connection reset"),
       ok(R"({"kind":"ServiceList","metadata":{"resourceVersion":"9"},"items":[)" +
          service_json("b", 2))});
  EXPECT_THAT(delivered_, ElementsAre("default/a=1", "default/b=2", "synced"));
  EXPECT_EQ(status_.errors.at("connection"), 1U);
  EXPECT_EQ(status_.errors.at("corrupt"), 1U);
}

TEST_F(PagedReflectorTest, WhatIsNoListDeletesNothing) {
  run({ok(list_json(7, {service_json("a", 1)})), watch(bookmark(8) + error_event(410, "Gone")),
       ok(R"({"kind":"Service","metadata":{"resourceVersion":"9"}})"),
       ok(R"({"kind":"ServiceList","metadata":{},"items":[]})"), ok("{}"),
       ok(status_json(500, "InternalError", "storage is away"))});
  EXPECT_THAT(delivered_, ElementsAre("default/a=1", "synced"));
  EXPECT_EQ(status_.errors.at("corrupt"), 3U);
  EXPECT_EQ(status_.errors.at("http_500"), 1U);
}

TEST_F(PagedReflectorTest, ARejectedObjectIsNotGone) {
  std::string broken =
      R"({"metadata":{"name":"a","namespace":"default","resourceVersion":"6"},"spec":[}})";
  run({ok(list_json(7, {service_json("a", 1), service_json("b", 2)})),
       watch(bookmark(8) + error_event(410, "Gone")), ok(list_json(9, {broken})), ok().hangs()});
  EXPECT_THAT(delivered_, ElementsAre("default/a=1", "-default/b", "synced"));
  EXPECT_EQ(status_.rejected, 1U);
}

TEST_F(PagedReflectorTest, AnObjectWithoutNameCouldBeAnyoneSoNobodyIsGone) {
  run({ok(list_json(7, {service_json("a", 1)})), watch(bookmark(8) + error_event(410, "Gone")),
       ok(list_json(9, {R"({"metadata":{}})"})), ok().hangs()});
  EXPECT_THAT(delivered_, ElementsAre("default/a=1", "synced"));
  EXPECT_EQ(status_.errors.at("incomplete_list"), 1U);
}

// --- Watches -----------------------------------------------------------------------------------

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

// --- Refusals ----------------------------------------------------------------------------------

TEST_F(PagedReflectorTest, RefusalsNameTheRemedyAndAreTriedAgain) {
  run({ScriptedAnswer::http(401, status_json(401, "Unauthorized", "Unauthorized")),
       ScriptedAnswer::http(403, status_json(403, "Forbidden", "cannot list services")),
       ScriptedAnswer::http(404, "404 page not found", "text/plain"),
       ScriptedAnswer::failure(base::Code::kPermissionDenied, "certificate has expired"),
       ok(list_json(7, {})), ok().hangs()});
  ASSERT_THAT(failures_, SizeIs(4));
  EXPECT_THAT(failures_[0], HasSubstr("credentials are not accepted"));
  EXPECT_THAT(failures_[1], AllOf(HasSubstr("403 Forbidden: cannot list services"),
                                  HasSubstr("ClusterRole with get, list and watch on services")));
  EXPECT_THAT(failures_[2],
              AllOf(HasSubstr("404 page not found"), HasSubstr("does not serve /api/v1/services")));
  EXPECT_THAT(failures_[3], HasSubstr("certificate has expired"));
  EXPECT_THAT(status_.errors, UnorderedElementsAre(Pair("http_401", 1), Pair("http_403", 1),
                                                   Pair("http_404", 1), Pair("certificate", 1)));
  EXPECT_THAT(waiter_.waits(), SizeIs(4));
  EXPECT_TRUE(status_.synced);
}

TEST_F(ReflectorTest, AnHtmlPageIsNoKubernetesApi) {
  run({ScriptedAnswer::http(200, "<html>Login</html>", "text/html; charset=utf-8"),
       watch(bookmark(3, true)).hangs()});
  EXPECT_THAT(failures_,
              ElementsAre("services: not a Kubernetes API: content type text/html; charset=utf-8"));
  EXPECT_EQ(status_.errors.at("content_type"), 1U);
  EXPECT_THAT(waiter_.waits(), SizeIs(1));
  EXPECT_TRUE(status_.synced);
}

TEST_F(PagedReflectorTest, AnHtmlPageInThePlaceOfAListIsTriedAgain) {
  run({ScriptedAnswer::http(200, "<html>Login</html>", "text/html"), ok(list_json(7, {})),
       ScriptedAnswer::http(200, "<html>Login</html>", "text/html"), watch(bookmark(8)).hangs()});
  EXPECT_EQ(status_.errors.at("content_type"), 2U);
  EXPECT_THAT(paths_[3], testing::EndsWith("&resourceVersion=7"));
}

// --- Endpoints of old clusters -----------------------------------------------------------------

class FallbackTest : public PagedReflectorTest {
 protected:
  FallbackTest() {
    options_.resource = endpoint_slices();
    options_.fallback = endpoints();
  }
  static std::string endpoints_json(int version) {
    return R"({"kind":"EndpointsList","metadata":{"resourceVersion":")" + std::to_string(version) +
           R"("},"items":[{"metadata":{"name":"web","namespace":"default","resourceVersion":"2"},)"
           R"("subsets":[{"addresses":[{"ip":"10.0.0.1"}],"ports":[{"port":80}]}]}]})";
  }
};

TEST_F(FallbackTest, EndpointsAreWatchedWhereTheGroupIsMissing) {
  run({ScriptedAnswer::http(404, "404 page not found"),
       ScriptedAnswer::http(404, "404 page not found"), ok(endpoints_json(5)),
       watch(bookmark(6)).hangs()});
  EXPECT_THAT(paths_[0], StartsWith("/apis/discovery.k8s.io/v1/endpointslices?labelSelector="
                                    "%21service.kubernetes.io%2Fheadless&"));
  EXPECT_EQ(paths_[1], "/apis/discovery.k8s.io/v1");
  EXPECT_THAT(paths_[2], StartsWith("/api/v1/endpoints?"));
  EXPECT_THAT(paths_[3], StartsWith("/api/v1/endpoints?"));
  EXPECT_THAT(delivered_, ElementsAre("default/web=2", "synced"));
  EXPECT_EQ(status_.resource, "endpoints");
}

TEST_F(FallbackTest, A404OfAServerThatHasTheGroupIsAFailure) {
  run({ScriptedAnswer::http(404, "proxy says no"), ok("{}"), ok(list_json(7, {})), ok().hangs()});
  EXPECT_THAT(paths_[2], StartsWith("/apis/discovery.k8s.io/v1/endpointslices?"));
  EXPECT_THAT(waiter_.waits(), SizeIs(1));
}

TEST_F(FallbackTest, SlicesReplaceEndpointsWhenTheGroupHasCome) {
  std::string slice =
      R"({"metadata":{"name":"web-x","namespace":"default","resourceVersion":"9",)"
      R"("labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4","endpoints":[]})";
  run({ScriptedAnswer::http(404, ""), ScriptedAnswer::http(404, ""), ok(endpoints_json(5)),
       watch(bookmark(6) + error_event(410, "Gone")), ok(R"({"kind":"APIResourceList"})"),
       ok(list_json(12, {slice})), ok().hangs()});
  EXPECT_EQ(paths_[4], "/apis/discovery.k8s.io/v1");
  EXPECT_THAT(paths_[5], StartsWith("/apis/discovery.k8s.io/v1/endpointslices?"));
  EXPECT_THAT(delivered_, ElementsAre("-default/web", "synced", "default/web-x=9"));
}

// --- Stopping ----------------------------------------------------------------------------------

TEST_F(ReflectorTest, StopCancelsABodyThatIsRead) {
  client_.answer(ok(bookmark(1, true)).hangs());
  Reflector reflector(
      options_, client_, [](Resource r) { return std::make_unique<JsonDecoder>(r); }, mailbox_,
      clock_, waiter_);
  reflector.start();
  client_.wait_until_used_up();
  EXPECT_EQ(reflector.status().state, ReflectorState::kWatching);
  reflector.stop();
  EXPECT_EQ(reflector.status().state, ReflectorState::kStopped);
  EXPECT_THAT(reflector.status().errors, IsEmpty()) << "what a stop breaks off is no failure";
}

TEST_F(ReflectorTest, ItNeedNotBeStarted) {
  Reflector reflector(
      options_, client_, [](Resource r) { return std::make_unique<JsonDecoder>(r); }, mailbox_,
      clock_, waiter_);
  EXPECT_EQ(reflector.status().state, ReflectorState::kStopped);
}

TEST(SystemWaiter, AnInterruptEndsEveryWait) {
  SystemWaiter waiter;
  std::thread other([&] { waiter.interrupt(); });
  EXPECT_FALSE(waiter.wait(std::chrono::hours(1)));
  EXPECT_FALSE(waiter.wait(std::chrono::hours(1)));
  other.join();
}

TEST(SystemWaiter, TimePasses) {
  SystemWaiter waiter;
  EXPECT_TRUE(waiter.wait(base::Duration(1)));
}

}  // namespace
}  // namespace watchers
