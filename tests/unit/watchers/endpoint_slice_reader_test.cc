#include "watchers/endpoint_slice_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/watchers/decoding.h"

namespace watchers {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

base::IpAddress ip(const char* text) { return *base::IpAddress::parse(text); }

std::string slice_json(const std::string& body, const std::string& type = "IPv4") {
  return R"({"metadata":{"name":"web-abc","namespace":"default","resourceVersion":"9",)"
         R"("labels":{"kubernetes.io/service-name":"web"}},"addressType":")" +
         type + "\"," + body + "}";
}

std::shared_ptr<const EndpointSlice> decode_slice(const std::string& body,
                                                  const std::string& type = "IPv4") {
  return object_of<EndpointSlice>(decode_item(Resource::kEndpointSlices, slice_json(body, type)));
}

TEST(EndpointSliceReader, ReadsAFullSlice) {
  auto slice = object_of<EndpointSlice>(
      decode_item(Resource::kEndpointSlices,
                  R"({"metadata":{"name":"web-abc","generateName":"web-","namespace":"default",
          "resourceVersion":"9","labels":{"app":"x","kubernetes.io/service-name":"web"},
          "annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"2026-07-01T12:00:00Z"},
          "ownerReferences":[{"kind":"Service","name":"other","uid":"1"}],
          "managedFields":[{"manager":"kcm","fieldsV1":{"f:endpoints":{}}}]},
          "endpoints":[
            {"addresses":["10.0.0.1","10.0.0.99"],"conditions":{"ready":true,"serving":true,
             "terminating":false},"nodeName":"n1","zone":"a","targetRef":{"kind":"Pod","name":"p"},
             "hints":{"forZones":[{"name":"a"},{"name":"b"}],"forNodes":[{"name":"n1"}]}},
            {"addresses":["10.0.0.2"],"conditions":{"ready":false,"serving":true,
             "terminating":true},"nodeName":"n1"},
            {"addresses":["10.0.0.3"],"conditions":{"ready":null}},
            {"addresses":["10.0.0.4"],"hints":{"forZones":[]}}],
          "ports":[{"name":"http","port":8080,"protocol":"TCP"},{"port":53,"protocol":"UDP",
                   "appProtocol":"x"}],"addressType":"IPv4"})"));
  ASSERT_NE(slice, nullptr);
  EXPECT_EQ(slice->key, (ObjectKey{"default", "web-abc"}));
  EXPECT_EQ(slice->resource_version, "9");
  EXPECT_EQ(slice->service, "web");
  EXPECT_EQ(slice->trigger_time,
            base::WallTime(std::chrono::sys_days(std::chrono::July / 1 / 2026).time_since_epoch() +
                           std::chrono::hours(12)));
  ASSERT_EQ(slice->groups.size(), 1U);
  const EndpointGroup& group = slice->groups[0];
  EXPECT_THAT(group.ports, ElementsAre(EndpointPort{"http", base::Protocol::kTcp, 8080},
                                       EndpointPort{"", base::Protocol::kUdp, 53}));
  ASSERT_EQ(group.endpoints.size(), 4U);
  const Endpoint& first = group.endpoints[0];
  EXPECT_EQ(first.address, ip("10.0.0.1"));
  EXPECT_TRUE(first.ready && first.serving && !first.terminating);
  EXPECT_EQ(first.node(), "n1");
  EXPECT_THAT(first.hints().zones, ElementsAre("a", "b"));
  EXPECT_THAT(first.hints().nodes, ElementsAre("n1"));
  const Endpoint& second = group.endpoints[1];
  EXPECT_TRUE(!second.ready && second.serving && second.terminating);
  EXPECT_EQ(second.node(), "n1");
  EXPECT_TRUE(second.hints().empty());
  const Endpoint& third = group.endpoints[2];
  EXPECT_TRUE(third.ready && third.serving && !third.terminating);
  EXPECT_EQ(third.place, nullptr);
  EXPECT_EQ(group.endpoints[3].place, nullptr) << "an empty list is no hint";
  EXPECT_THAT(slice->problems, IsEmpty());
}

TEST(EndpointSliceReader, ABadEndpointDropsOnlyItself) {
  auto slice = decode_slice(
      R"("endpoints":[{"addresses":["10.0.0.1"]},{"addresses":["pod.example.org"]},
         {"addresses":[]},{},{"addresses":["10.0.0.256"]},{"addresses":["127.0.0.1"]},
         {"addresses":[7]},{"addresses":["10.0.0.7"],"conditions":{"ready":"yes"}}])");
  ASSERT_NE(slice, nullptr);
  ASSERT_EQ(slice->groups[0].endpoints.size(), 2U);
  EXPECT_EQ(slice->groups[0].endpoints[1].address, ip("10.0.0.7"));
  EXPECT_THAT(
      slice->problems,
      ElementsAre(
          R"(endpoints[1].addresses[0]: found "pod.example.org", allowed: an IPv4 or IPv6 address)",
          "endpoints[2]: found no address, allowed: at least one in addresses",
          "endpoints[3]: found no address, allowed: at least one in addresses",
          HasSubstr(R"(endpoints[4].addresses[0]: found "10.0.0.256")"),
          HasSubstr(R"(endpoints[5].addresses[0]: found "127.0.0.1")"),
          "endpoints[6].addresses[0]: found 7, allowed: a string",
          "endpoints[6]: found no address, allowed: at least one in addresses",
          "endpoints[7].conditions.ready: found \"yes\", allowed: true or false"));
}

TEST(EndpointSliceReader, ManyProblemsAreNotAllListed) {
  std::string endpoints;
  for (int i = 0; i < 5000; ++i) endpoints += R"({"addresses":["x"]},)";
  auto slice = decode_slice(R"("endpoints":[)" + endpoints + R"({"addresses":["10.0.0.1"]}])");
  ASSERT_NE(slice, nullptr);
  EXPECT_EQ(slice->groups[0].endpoints.size(), 1U);
  EXPECT_EQ(slice->problems.size(), 9U);
  EXPECT_EQ(slice->problems.back(), "more problems are not listed");
}

TEST(EndpointSliceReader, AddressTypeDecides) {
  const char* mixed = R"("endpoints":[{"addresses":["10.0.0.1"]},{"addresses":["fd00::1"]}])";
  EXPECT_EQ(decode_slice(mixed, "IPv6")->groups[0].endpoints.at(0).address, ip("fd00::1"));
  EXPECT_EQ(decode_slice(mixed, "IPv6")->problems.size(), 1U);
  EXPECT_EQ(decode_slice(mixed, "IPv4")->groups[0].endpoints.size(), 1U);
  EXPECT_THAT(decode_slice(mixed, "")->problems,
              ElementsAre(R"(addressType: found "", allowed: IPv4, IPv6, FQDN)"));
  auto names = decode_slice(R"("endpoints":[{"addresses":["a.example.org"]}])", "FQDN");
  EXPECT_THAT(names->groups[0].endpoints, IsEmpty());
  EXPECT_THAT(names->problems, IsEmpty());
}

TEST(EndpointSliceReader, PortsWithoutNumberAreLeftOut) {
  auto slice = decode_slice(R"("endpoints":null,"ports":[{"name":"all"},{"name":"a","port":0},
                                {"name":"b","port":65536},{"name":"c","port":1,"protocol":"X"},
                                {"name":"ok","port":65535}])");
  ASSERT_NE(slice, nullptr);
  EXPECT_THAT(slice->groups[0].ports, ElementsAre(EndpointPort{"ok", base::Protocol::kTcp, 65535}));
  EXPECT_THAT(slice->problems,
              ElementsAre("ports[0]: found no usable port number, allowed: port 1-65535",
                          "ports[1].port: found 0, allowed: 1-65535",
                          "ports[1]: found no usable port number, allowed: port 1-65535",
                          "ports[2].port: found 65536, allowed: 1-65535",
                          "ports[2]: found no usable port number, allowed: port 1-65535",
                          HasSubstr(R"(ports[3].protocol: found "X")")));
}

TEST(EndpointSliceReader, WithoutServiceNameItSaysSo) {
  auto slice = object_of<EndpointSlice>(
      decode_item(Resource::kEndpointSlices,
                  R"({"metadata":{"name":"a","namespace":"b"},"addressType":"IPv4"})"));
  ASSERT_NE(slice, nullptr);
  EXPECT_EQ(slice->service, "");
  EXPECT_THAT(slice->problems, ElementsAre(HasSubstr("kubernetes.io/service-name")));
}

TEST(EndpointSliceReader, PooledPlacesAreForgottenWithTheirLastUser) {
  EndpointPool pool;
  auto kept = pool.place({"kept", {}});
  std::weak_ptr<const EndpointPlace> dropped = pool.place({"dropped", {}});
  EXPECT_TRUE(dropped.expired());
  EXPECT_EQ(pool.place({"kept", {}}), kept);
  auto hinted = pool.place({"kept", {{"a"}, {"n"}}});
  EXPECT_EQ(pool.place({"kept", {{"a"}, {"n"}}}), hinted);
  EXPECT_NE(pool.place({"kept", {{"a", "n"}, {}}}), hinted);
  EXPECT_EQ(pool.place({}), nullptr);
}

TEST(WeakPool, StaysAsSmallAsWhatIsInUse) {
  WeakPool<std::string> pool;
  std::vector<std::shared_ptr<const std::string>> kept;
  for (int i = 0; i < 100'000; ++i) {
    std::string name = "node-" + std::to_string(i);
    auto entry = pool.get(name, [&] { return name; });
    if (i % 1000 == 0) kept.push_back(entry);
  }
  EXPECT_LE(pool.size(), 3 * kept.size() + 64);
  for (const auto& entry : kept) {
    EXPECT_EQ(pool.get(*entry, [] { return std::string("new"); }), entry);
  }
}

}  // namespace
}  // namespace watchers
