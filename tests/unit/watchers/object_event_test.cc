#include "watchers/object_event.h"

#include <gtest/gtest.h>

namespace watchers {
namespace {

const EventKey kWeb{Kind::kService, {"default", "web"}};

base::TimePoint at(int seconds) { return base::TimePoint(std::chrono::seconds(seconds)); }

ObjectEvent service_event(const char* version, int seconds) {
  auto service = std::make_shared<Service>();
  service->key = kWeb.object;
  service->resource_version = version;
  return {std::shared_ptr<const Service>(service), at(seconds)};
}

// The version of the one service that waits; "" where something else waits.
std::string waiting_version(const ObjectEvent& event) {
  const auto* service = std::get_if<std::shared_ptr<const Service>>(&event.news);
  return service ? (*service)->resource_version : "";
}

// Delivers both under one key and returns what waits then.
ObjectEvent folded(ObjectEvent first, ObjectEvent second) {
  EventMailbox mailbox;
  deliver(mailbox, kWeb, std::move(first));
  deliver(mailbox, kWeb, std::move(second));
  auto events = mailbox.take();
  EXPECT_EQ(events.size(), 1U);
  return events.at(0).second;
}

TEST(Deliver, TheNewestObjectWaitsWithTheOldestTime) {
  ObjectEvent event = folded(service_event("1", 10), service_event("2", 20));
  EXPECT_EQ(waiting_version(event), "2");
  EXPECT_EQ(event.received, at(10));
}

TEST(Deliver, ADeletionReplacesTheObjectAndTheOtherWayRound) {
  EXPECT_TRUE(
      std::holds_alternative<Deleted>(folded(service_event("1", 10), {Deleted{}, at(20)}).news));
  EXPECT_EQ(waiting_version(folded({Deleted{}, at(10)}, service_event("2", 20))), "2");
}

TEST(Deliver, ARejectedFormDisplacesNothingGood) {
  ObjectEvent kept = folded(service_event("1", 10), {Rejected{"no name"}, at(20)});
  EXPECT_EQ(waiting_version(kept), "1");
  EXPECT_EQ(kept.received, at(10));
  EXPECT_TRUE(std::holds_alternative<Deleted>(
      folded({Deleted{}, at(10)}, {Rejected{"no name"}, at(20)}).news));
}

TEST(Deliver, AGoodFormReplacesARejectedOne) {
  ObjectEvent event = folded({Rejected{"no name"}, at(10)}, service_event("2", 20));
  EXPECT_EQ(waiting_version(event), "2");
  EXPECT_EQ(event.received, at(10));
  ObjectEvent twice = folded({Rejected{"a"}, at(10)}, {Rejected{"b"}, at(20)});
  EXPECT_EQ(std::get<Rejected>(twice.news).reason, "b");
}

TEST(Deliver, KeepsKindsAndNamesApart) {
  EventMailbox mailbox;
  deliver(mailbox, kWeb, service_event("1", 1));
  deliver(mailbox, {Kind::kEndpointSlice, kWeb.object}, {Deleted{}, at(2)});
  deliver(mailbox, {Kind::kService, {"other", "web"}}, {Deleted{}, at(3)});
  deliver(mailbox, {Kind::kService, {}}, {Synced{}, at(4)});
  auto events = mailbox.take();
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0].first, kWeb);
  EXPECT_TRUE(std::holds_alternative<Synced>(events[3].second.news));
}

TEST(Kind, HasTheNameOfTheApi) {
  EXPECT_EQ(to_string(Kind::kService), "Service");
  EXPECT_EQ(to_string(Kind::kEndpointSlice), "EndpointSlice");
  EXPECT_EQ(to_string(Kind::kNode), "Node");
}

}  // namespace
}  // namespace watchers
