#include "watchers/json_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/watchers/decoding.h"

namespace watchers {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string service_json(const std::string& name, const std::string& version = "1") {
  return R"({"kind":"Service","metadata":{"name":")" + name +
         R"(","namespace":"default","resourceVersion":")" + version +
         R"(","managedFields":[{"a":{"b":"]"}}]},"spec":{"clusterIP":"10.0.0.1",)"
         R"("ports":[{"port":80}]}})";
}

TEST(JsonListDecoder, GivesItemsAndEnvelopeHoweverTheBodyIsCut) {
  std::string body =
      R"({"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"77",)"
      R"("continue":"token","remainingItemCount":12},"items":[)" +
      service_json("a") + "," + service_json("b") + "]}\n";
  for (std::size_t part : {1, 2, 7, 64, 100'000}) {
    CollectedBody read = decode_list(Resource::kServices, body, part);
    EXPECT_TRUE(read.status.ok()) << read.status.message();
    ASSERT_EQ(read.items.size(), 2U);
    EXPECT_EQ(read.items[0].key, (ObjectKey{"default", "a"}));
    EXPECT_NE(object_of<Service>(read.items[1]), nullptr);
    ASSERT_EQ(read.envelopes.size(), 1U);
    EXPECT_EQ(read.envelopes[0].kind, "ServiceList");
    EXPECT_EQ(read.envelopes[0].resource_version, "77");
    EXPECT_EQ(read.envelopes[0].continue_token, "token");
    EXPECT_EQ(read.envelopes[0].remaining_items, 12);
    EXPECT_FALSE(read.envelopes[0].status.has_value());
  }
}

TEST(JsonListDecoder, GivesAStatusInThePlaceOfAList) {
  CollectedBody read =
      decode_list(Resource::kServices,
                  R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
          "message":"Timeout: Too large resource version: 9, current: 1","reason":"Timeout",
          "details":{"causes":[{"reason":"ResourceVersionTooLarge","message":"m"}],
          "retryAfterSeconds":1},"code":504})");
  ASSERT_EQ(read.envelopes.size(), 1U);
  ASSERT_TRUE(read.envelopes[0].status.has_value());
  const ApiStatus& status = *read.envelopes[0].status;
  EXPECT_EQ(status.code, 504);
  EXPECT_EQ(status.reason, "Timeout");
  EXPECT_THAT(status.message, HasSubstr("Too large resource version"));
  EXPECT_THAT(status.causes, ElementsAre("ResourceVersionTooLarge"));
  EXPECT_EQ(status.retry_after_s, 1);
}

TEST(JsonListDecoder, ABrokenItemIsRejectedAndTheRestIsRead) {
  std::string body = R"({"items":[{"metadata":{"name":"bad","namespace":"default",)"
                     R"("resourceVersion":"5"},"spec":{"clusterIP":tru}},)" +
                     service_json("good") + "]}";
  CollectedBody read = decode_list(Resource::kServices, body);
  EXPECT_TRUE(read.status.ok());
  ASSERT_EQ(read.items.size(), 2U);
  EXPECT_EQ(read.items[0].key, (ObjectKey{"default", "bad"})) << "known as far as it was read";
  EXPECT_THAT(rejection(read.items[0]), HasSubstr("malformed JSON at byte"));
  EXPECT_NE(object_of<Service>(read.items[1]), nullptr);
}

TEST(JsonListDecoder, AnItemWithoutAReadableNameIsToldByItsPlace) {
  CollectedBody read =
      decode_list(Resource::kServices, R"({"items":[)" + service_json("good") + R"(,{"spec":{}},)" +
                                           service_json("b") + "]}");
  ASSERT_EQ(read.items.size(), 3U);
  EXPECT_EQ(read.items[1].key, ObjectKey());
  EXPECT_EQ(rejection(read.items[1]),
            "item 2 of the list: metadata.name: found \"\", allowed: a DNS name");
}

TEST(JsonListDecoder, AnObjectBeyondTheLimitIsRejectedByName) {
  std::string body = R"({"items":[{"metadata":{"name":"big","namespace":"default"},"x":")" +
                     std::string(5000, 'x') + R"("},)" + service_json("good") + "]}";
  CollectedBody read = decode_list(Resource::kServices, body, 100, {.object_bytes = 1000});
  ASSERT_EQ(read.items.size(), 2U);
  EXPECT_EQ(read.items[0].key.name, "big");
  EXPECT_EQ(rejection(read.items[0]), "longer than the allowed 1000 bytes");
  EXPECT_NE(object_of<Service>(read.items[1]), nullptr);
}

TEST(JsonListDecoder, RefusesBodiesThatAreNoList) {
  EXPECT_EQ(decode_list(Resource::kServices, "<!DOCTYPE html>").status.code(),
            base::Code::kCorrupt);
  EXPECT_EQ(decode_list(Resource::kServices, "").status.code(), base::Code::kCorrupt);
  EXPECT_EQ(decode_list(Resource::kServices, R"({"items":[}})").status.code(),
            base::Code::kCorrupt);
  EXPECT_EQ(decode_list(Resource::kServices, R"({"kind":nope})").status.code(),
            base::Code::kCorrupt);
}

TEST(JsonWatchDecoder, AnEventWithoutAReadableNameIsToldByItsPlace) {
  CollectedBody read = decode_watch(
      Resource::kServices, R"({"type":"ADDED","object":)" + service_json("a") + "}\n" +
                               R"({"type":"ADDED","object":{"metadata":{"name":nope}}})" + "\n" +
                               R"({"type":7})" + "\n");
  ASSERT_EQ(read.events.size(), 3U);
  EXPECT_NE(object_of<Service>(read.events[0].object), nullptr);
  EXPECT_THAT(rejection(read.events[1].object),
              testing::StartsWith("event 2 of the watch: malformed JSON at byte "));
  EXPECT_THAT(rejection(read.events[2].object), testing::StartsWith("event 3 of the watch: "));
}

TEST(JsonWatchDecoder, ReadsEveryTypeOfEvent) {
  std::string body =
      R"({"type":"ADDED","object":)" + service_json("a", "1") + "}\n" +
      R"({"type":"MODIFIED","object":)" + service_json("a", "2") + "}\n" +
      R"({"type":"DELETED","object":)" + service_json("a", "3") + "}\n" +
      R"({"type":"BOOKMARK","object":{"kind":"Service","metadata":{"resourceVersion":"9",)" +
      R"("creationTimestamp":null},"spec":{},"status":{"loadBalancer":{}}}})" + "\n" +
      R"({"type":"BOOKMARK","object":{"kind":"Service","metadata":{"resourceVersion":"10",)" +
      R"("annotations":{"k8s.io/initial-events-end":"true"}}}})" + "\n" +
      R"({"type":"ERROR","object":{"kind":"Status","message":"too old","reason":"Expired",)" +
      R"("code":410}})" + "\n" + R"({"type":"PARTY","object":{}})" + "\n";
  for (std::size_t part : {1, 13, 100'000}) {
    CollectedBody read = decode_watch(Resource::kServices, body, part);
    EXPECT_TRUE(read.status.ok()) << read.status.message();
    ASSERT_EQ(read.events.size(), 7U);
    using Type = WatchEvent::Type;
    EXPECT_EQ(read.events[0].type, Type::kAdded);
    EXPECT_NE(object_of<Service>(read.events[0].object), nullptr);
    EXPECT_EQ(read.events[1].type, Type::kModified);
    EXPECT_EQ(read.events[1].object.resource_version, "2");
    EXPECT_EQ(read.events[2].type, Type::kDeleted);
    EXPECT_TRUE(std::holds_alternative<Deleted>(read.events[2].object.news));
    EXPECT_EQ(read.events[2].object.key, (ObjectKey{"default", "a"}));
    EXPECT_EQ(read.events[2].object.resource_version, "3");
    EXPECT_EQ(read.events[3].type, Type::kBookmark);
    EXPECT_EQ(read.events[3].object.resource_version, "9");
    EXPECT_FALSE(read.events[3].initial_events_end);
    EXPECT_TRUE(read.events[4].initial_events_end);
    EXPECT_EQ(read.events[5].type, Type::kError);
    EXPECT_EQ(read.events[5].status.code, 410);
    EXPECT_EQ(read.events[5].status.reason, "Expired");
    EXPECT_EQ(read.events[6].type, Type::kUnknown);
    EXPECT_EQ(read.events[6].type_text, "PARTY");
    EXPECT_THAT(rejection(read.events[6].object), HasSubstr(R"(type: found "PARTY")"));
  }
}

TEST(JsonWatchDecoder, TheOrderOfMembersDoesNotMatter) {
  CollectedBody read =
      decode_watch(Resource::kServices,
                   R"({"object":{"code":429,"details":{"retryAfterSeconds":3}},"type":"ERROR"})"
                   R"({"object":)" +
                       service_json("a") + R"(,"type":"DELETED"})");
  ASSERT_EQ(read.events.size(), 2U);
  EXPECT_EQ(read.events[0].status.code, 429);
  EXPECT_EQ(read.events[0].status.retry_after_s, 3);
  EXPECT_EQ(read.events[1].type, WatchEvent::Type::kDeleted);
}

TEST(JsonWatchDecoder, ADeletionNeedsOnlyTheName) {
  CollectedBody read = decode_watch(
      Resource::kServices,
      R"({"type":"DELETED","object":{"metadata":{"name":"a","namespace":"b"},"spec":7}})"
      R"({"type":"DELETED","object":{"metadata":{"name":"a"}}})");
  ASSERT_EQ(read.events.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<Deleted>(read.events[0].object.news));
  EXPECT_THAT(rejection(read.events[1].object), HasSubstr("metadata.namespace"));
}

TEST(JsonDecoder, RejectsObjectsWithoutUsableMetadata) {
  auto reject = [](Resource resource, const char* json) {
    return rejection(decode_item(resource, json));
  };
  EXPECT_EQ(reject(Resource::kServices, R"({"spec":{}})"),
            R"(item 1 of the list: metadata.name: found "", allowed: a DNS name)");
  EXPECT_EQ(reject(Resource::kServices, R"({"metadata":{"name":"a/b","namespace":"c"}})"),
            R"(metadata.name: found "a/b", allowed: a DNS name)");
  EXPECT_EQ(reject(Resource::kEndpointSlices, R"({"metadata":{"name":"a"}})"),
            R"(metadata.namespace: found "", allowed: a DNS name)");
  EXPECT_EQ(reject(Resource::kNodes, R"({"metadata":{"name":"a","namespace":"b"}})"),
            R"(metadata.namespace: found "b", allowed: none)");
  EXPECT_EQ(
      reject(Resource::kServices, R"({"kind":"Pod","metadata":{"name":"a","namespace":"b"}})"),
      R"(kind: found "Pod", allowed: Service)");
  EXPECT_THAT(reject(Resource::kServices, R"({"metadata":"x"})"), HasSubstr("metadata.name"));
  EXPECT_THAT(reject(Resource::kServices, R"({"metadata":{"name":"a\u0000b","namespace":"c"}})"),
              HasSubstr(R"(metadata.name: found "a?b")"));
}

TEST(JsonDecoder, SurvivesHostileText) {
  auto reject = [](const std::string& json) {
    return rejection(decode_item(Resource::kServices, json));
  };
  EXPECT_THAT(reject("{\"metadata\":{\"name\":\"\xff\xfe\"}}"), HasSubstr("malformed JSON"));
  EXPECT_THAT(reject(std::string("{\"a\":\"\0\"}", 9)), HasSubstr("malformed JSON"));
  EXPECT_THAT(reject(R"({"a":1e999999})"), HasSubstr("malformed JSON"));
  EXPECT_THAT(reject(R"({"a":"\ud800"})"), HasSubstr("malformed JSON"));
  EXPECT_THAT(reject(R"({"a":01})"), HasSubstr("malformed JSON"));
  EXPECT_THAT(reject(R"({"a":1,})"), HasSubstr("malformed JSON"));
  EXPECT_THAT(reject(R"({"a":[1}})"), HasSubstr("malformed JSON"));
  std::string deep = R"({"metadata":{"name":"a","namespace":"b"},"x":)" +
                     std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_EQ(reject(deep), "nested deeper than the allowed 256 levels");
  EXPECT_EQ(decode_list(Resource::kServices, std::string(100'000, '{')).status.code(),
            base::Code::kCorrupt);
}

TEST(JsonDecoder, IgnoresFieldsItDoesNotKnow) {
  DecodedObject decoded = decode_item(
      Resource::kServices,
      R"({"new":[[{"a":[]}],null,1.5e3,true],"metadata":{"name":"a","namespace":"b","x":{"name":"z"}},
          "spec":{"clusterIP":"10.0.0.1","ports":[{"port":1,"y":{"port":2}}],"z":[{"port":3}]}})");
  auto service = object_of<Service>(decoded);
  ASSERT_NE(service, nullptr) << rejection(decoded);
  EXPECT_EQ(service->key.name, "a");
  EXPECT_EQ(service->ports.at(0).port, 1);
}

TEST(JsonDecoder, NothingOfOneObjectShowsInTheNext) {
  CollectedBody read = decode_list(
      Resource::kServices,
      R"({"items":[{"metadata":{"name":"a","namespace":"b","uid":"u","resourceVersion":"1",
          "labels":{"service.kubernetes.io/service-proxy-name":""},"annotations":{"ipvs-agent.io/x":"1"}},
          "spec":{"type":"NodePort","clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"],
          "ipFamilies":["IPv4"],"ports":[{"name":"p","port":1,"nodePort":2}],
          "externalIPs":["1.2.3.4"],"loadBalancerSourceRanges":["1.0.0.0/8"],
          "sessionAffinity":"ClientIP","internalTrafficPolicy":"Local",
          "externalTrafficPolicy":"Local","healthCheckNodePort":5}},
          {"metadata":{"name":"c","namespace":"d"},"spec":{"clusterIP":"None"}}]})");
  ASSERT_EQ(read.items.size(), 2U);
  auto second = object_of<Service>(read.items[1]);
  ASSERT_NE(second, nullptr);
  Service expected;
  expected.key = {"d", "c"};
  expected.headless = true;
  EXPECT_EQ(*second, expected);
}

}  // namespace
}  // namespace watchers
