#include "tests/unit/watchers/reflector_fixture.h"

namespace watchers {
namespace {

using fakes::ScriptedAnswer;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

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

}  // namespace
}  // namespace watchers
