// What a well-behaved server answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apiserver/sample_objects.h"
#include "tests/apiserver/test_client.h"

namespace apiserver {
namespace {

using Json = nlohmann::json;

constexpr char kServices[] = "/api/v1/services";
constexpr char kSlices[] = "/apis/discovery.k8s.io/v1/endpointslices";

std::string version_of(const Json& object) { return object["metadata"]["resourceVersion"]; }

TEST(Api, AListHasTheVersionOfTheStoreAndItemsWithoutKind) {
  Running api;
  ASSERT_TRUE(api.server.put(make_service("default", "b", "10.96.0.2")).ok());
  ASSERT_TRUE(api.server.put(make_service("default", "a", "10.96.0.3")).ok());
  Json list = api.client->get(kServices).json();
  EXPECT_EQ(list["kind"], "ServiceList");
  EXPECT_EQ(version_of(list), std::to_string(api.server.store().version()));
  ASSERT_EQ(list["items"].size(), 2U);
  EXPECT_EQ(list["items"][0]["metadata"]["name"], "a");
  EXPECT_FALSE(list["items"][0].contains("kind"));
  EXPECT_EQ(api.client->get("/api/v1/namespaces/default/services/a").json()["kind"], "Service");
}

TEST(Api, PagesAreOfOneVersionUntilCompacted) {
  Running api;
  load_bulk(api.server.store(), 5, 1);
  Json first = api.client->get(std::string(kServices) + "?limit=2").json();
  ASSERT_EQ(first["items"].size(), 2U);
  EXPECT_EQ(first["metadata"]["remainingItemCount"], 3);
  ASSERT_TRUE(api.server.put(make_service("zz", "late", "10.96.9.9")).ok());
  std::string token = first["metadata"]["continue"];
  Json rest = api.client->get(std::string(kServices) + "?limit=9&continue=" + token).json();
  EXPECT_EQ(rest["items"].size(), 3U);
  EXPECT_EQ(version_of(rest), version_of(first));
  api.server.store().compact();
  Answer gone = api.client->get(std::string(kServices) + "?limit=9&continue=" + token);
  EXPECT_EQ(gone.status, 410);
  EXPECT_EQ(gone.json()["reason"], "Expired");
  // The watch cache, which answers for version 0, gives no pages.
  Json cached = api.client->get(std::string(kServices) + "?limit=2&resourceVersion=0").json();
  EXPECT_EQ(cached["items"].size(), 6U);
}

TEST(Api, SelectorsChooseAsTheAgentNeedsThem) {
  Running api;
  Json own = make_service("default", "own", "10.96.0.2");
  Json other = make_service("default", "other", "10.96.0.3");
  other["metadata"]["labels"]["service.kubernetes.io/service-proxy-name"] = "else";
  Json headless = make_service("default", "headless", "None");
  for (const Json& service : {own, other, headless}) ASSERT_TRUE(api.server.put(service).ok());
  Json list = api.client
                  ->get(std::string(kServices) +
                        "?labelSelector=%21service.kubernetes.io%2Fservice-proxy-name"
                        "&fieldSelector=spec.clusterIP%21%3DNone")
                  .json();
  ASSERT_EQ(list["items"].size(), 1U);
  EXPECT_EQ(list["items"][0]["metadata"]["name"], "own");
  api.server.features().service_field_selectors = false;
  EXPECT_EQ(
      api.client->get(std::string(kServices) + "?fieldSelector=spec.clusterIP%21%3DNone").status,
      400);
}

TEST(Api, AWatchTellsWhatHappenedSinceAVersion) {
  Running api;
  Version first = *api.server.put(make_service("default", "a", "10.96.0.2"));
  Json changed = make_service("default", "a", "10.96.0.2", 81);
  ASSERT_TRUE(api.server.put(changed).ok());
  ASSERT_TRUE(api.server.put(changed).ok()) << "says nothing new: no event";
  Watch watch = api.client->watch(std::string(kServices) +
                                  "?watch=1&resourceVersion=" + std::to_string(first));
  Json event = watch.event();
  EXPECT_EQ(event["type"], "MODIFIED");
  EXPECT_EQ(event["object"]["kind"], "Service");
  ASSERT_TRUE(api.server.erase("Service", "default", "a").ok());
  event = watch.event();
  EXPECT_EQ(event["type"], "DELETED");
  EXPECT_EQ(version_of(event["object"]), std::to_string(api.server.store().version()));
}

TEST(Api, AnObjectThatLeavesTheSelectionIsDeletedFromIt) {
  Running api;
  Json service = make_service("default", "a", "10.96.0.2");
  Version first = *api.server.put(service);
  Watch watch = api.client->watch(std::string(kServices) + "?watch=1&labelSelector=%21skip" +
                                  "&resourceVersion=" + std::to_string(first));
  service["metadata"]["labels"]["skip"] = "yes";
  ASSERT_TRUE(api.server.put(service).ok());
  EXPECT_EQ(watch.event()["type"], "DELETED");
  service["metadata"]["labels"].erase("skip");
  ASSERT_TRUE(api.server.put(service).ok());
  EXPECT_EQ(watch.event()["type"], "ADDED");
}

TEST(Api, AStreamingListEndsWithItsBookmark) {
  Running api;
  load_bulk(api.server.store(), 3, 1);
  std::string path = std::string(kSlices) +
                     "?watch=1&sendInitialEvents=true&allowWatchBookmarks=true"
                     "&resourceVersionMatch=NotOlderThan&timeoutSeconds=1";
  Watch watch = api.client->watch(path);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(watch.event()["type"], "ADDED");
  Json bookmark = watch.event();
  EXPECT_EQ(bookmark["type"], "BOOKMARK");
  EXPECT_EQ(bookmark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
  EXPECT_EQ(version_of(bookmark["object"]), std::to_string(api.server.store().version()));
  while (watch.line()) {
  }
  EXPECT_TRUE(watch.ended().ok()) << "timeoutSeconds ends the body properly";

  api.server.features().initial_events = InitialEvents::kForbid;
  Answer refused = api.client->get(path);
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.json()["reason"], "Invalid");
}

TEST(Api, AWatchFromACompactedVersionIsToldSo) {
  Running api;
  load_bulk(api.server.store(), 3, 1);
  api.server.store().compact();
  Watch watch = api.client->watch(std::string(kServices) + "?watch=1&resourceVersion=101");
  Json event = watch.event();
  EXPECT_EQ(event["type"], "ERROR");
  EXPECT_EQ(event["object"]["code"], 410);
  EXPECT_EQ(event["object"]["reason"], "Expired");
  EXPECT_FALSE(watch.line());
}

TEST(Api, AVersionThatIsYetToComeTimesOut) {
  Running api;
  Answer answer = api.client->get(std::string(kServices) + "?resourceVersion=999999");
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.retry_after, std::chrono::seconds(1));
  EXPECT_EQ(answer.json()["details"]["causes"][0]["reason"], "ResourceVersionTooLarge");
}

TEST(Api, LargeListsAreCompressedWhenAsked) {
  Running api;
  load_bulk(api.server.store(), 300, 10);
  EXPECT_EQ(api.client->get(kSlices, true).json()["items"].size(), 300U);
  std::string head = curl(api.server, kSlices, "--compressed -D - -o /dev/null");
  EXPECT_THAT(head, testing::HasSubstr("Content-Encoding: gzip"));
  head = curl(api.server, kSlices, "-D - -o /dev/null");
  EXPECT_THAT(head, testing::Not(testing::HasSubstr("Content-Encoding")));
}

TEST(Api, ObjectsAreMadeChangedAndDeletedByHttp) {
  Running api;
  std::string all = "/api/v1/namespaces/default/services";
  Json made = Json::parse(
      curl(api.server, all, R"(-d '{"metadata":{"name":"web"},"spec":{"ports":[{"port":80}]}}')"));
  EXPECT_EQ(made["spec"]["ports"][0]["targetPort"], 80);
  EXPECT_EQ(made["spec"]["clusterIPs"][0], made["spec"]["clusterIP"]);
  EXPECT_EQ(Json::parse(curl(api.server, all, R"(-d '{"metadata":{"name":"web"}}')"))["reason"],
            "AlreadyExists");
  Json patched = Json::parse(curl(
      api.server, all + "/web",
      R"(-X PATCH -H 'Content-Type: application/merge-patch+json' -d '{"spec":{"type":"NodePort"}}')"));
  EXPECT_EQ(patched["spec"]["type"], "NodePort");
  made["spec"]["sessionAffinity"] = "ClientIP";
  Json conflict = Json::parse(curl(api.server, all + "/web", "-X PUT -d '" + made.dump() + "'"));
  EXPECT_EQ(conflict["reason"], "Conflict") << "it names the version before the patch";
  EXPECT_EQ(Json::parse(curl(api.server, all + "/web", "-X DELETE"))["kind"], "Service");
  EXPECT_EQ(Json::parse(curl(api.server, all + "/web", ""))["reason"], "NotFound");
}

TEST(Api, AnOldClusterHasEndpointsOnly) {
  Running api;
  api.server.features().endpoint_slices = false;
  Answer answer = api.client->get(kSlices);
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body, "404 page not found\n");
  ASSERT_TRUE(api.server.put(make_endpoints("default", "a", {"10.0.0.1"})).ok());
  EXPECT_EQ(api.client->get("/api/v1/endpoints").json()["items"].size(), 1U);
}

TEST(Api, CredentialsDecide) {
  Running api;
  KubeconfigContents nobody;
  EXPECT_EQ(TestClient(api.server.kubeconfig("nobody", nobody)).get(kServices).status, 401);
  KubeconfigContents bearer;
  bearer.token = "secret";
  TestClient client(api.server.kubeconfig("bearer", bearer));
  EXPECT_EQ(client.get(kServices).json()["reason"], "Unauthorized");
  api.server.access().allow_token("secret", "someone");
  EXPECT_EQ(client.get(kServices).status, 200);
  api.server.access().forbid(kServices, true);
  Answer forbidden = client.get(kServices);
  EXPECT_EQ(forbidden.status, 403);
  EXPECT_EQ(forbidden.json()["message"],
            "services is forbidden: User \"someone\" cannot list resource \"services\" in API "
            "group \"\" at the cluster scope");
  KubeconfigContents embedded;
  embedded.embed = true;
  embedded.client_certificate_file = api.server.folder() + "/client.crt";
  embedded.client_key_file = api.server.folder() + "/client.key";
  EXPECT_EQ(TestClient(api.server.kubeconfig("embedded", embedded)).get(kSlices).status, 200);
}

TEST(Api, ACertificateOfAnotherAuthorityIsNobody) {
  Running api;
  CertificateRequest request;
  request.common_name = "system:node:test";
  request.trusted = false;
  CertificateFiles files = api.server.authority().issue("stranger", request);
  KubeconfigContents contents;
  contents.client_certificate_file = files.certificate;
  contents.client_key_file = files.key;
  EXPECT_EQ(TestClient(api.server.kubeconfig("stranger-config", contents)).get(kServices).status,
            401);
}

}  // namespace
}  // namespace apiserver
