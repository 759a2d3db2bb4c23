#include "tests/unit/watchers/reflector_fixture.h"

namespace watchers {
namespace {

using fakes::ScriptedAnswer;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

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

}  // namespace
}  // namespace watchers
