// One Service with a thousand EndpointSlices of one endpoint each.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

constexpr int kSlices = 1000;

std::string address_of(int slice) {
  return "10.244." + std::to_string(slice / 250) + "." + std::to_string(slice % 250 + 1);
}

watchers::EndpointSlice slice_of(int slice, const std::string& service = "web") {
  return fakes::make_slice(service, "web-" + std::to_string(slice),
                           {{"", base::Protocol::kTcp, 8080}}, {address_of(slice)});
}

class ManySlices : public testing::Test {
 protected:
  void SetUp() override {
    agent_.put(fakes::make_service("web", "10.96.0.10", {{"", base::Protocol::kTcp, 80, 0}}));
    for (int i = 0; i < kSlices; ++i) agent_.put(slice_of(i));
    agent_.sync();
    agent_.run();
    node_.take_log();
  }
  std::size_t real_servers() {
    return node_.ipvs.read()->virtual_servers.at(0).real_servers.size();
  }

  fakes::FakeNode node_;
  fakes::FakeAgent agent_{node_};
};

TEST_F(ManySlices, AreAllServed) { EXPECT_EQ(real_servers(), 1000u); }

TEST_F(ManySlices, OneMoreSliceIsOneOperation) {
  agent_.put(slice_of(kSlices));
  agent_.run();
  EXPECT_THAT(node_.take_log(),
              testing::ElementsAre("-a -t 10.96.0.10:80 -r 10.244.4.1:8080 -m -w 1"));
}

TEST_F(ManySlices, MoveOneByOneAndAllAtOnce) {
  agent_.put(fakes::make_service("other", "10.96.0.11", {{"", base::Protocol::kTcp, 80, 0}}));
  for (int i = 0; i < 3; ++i) {
    agent_.put(slice_of(i, "other"));
    agent_.run();
  }
  agent_.run_for(std::chrono::seconds(5));  // drains without connections end
  EXPECT_EQ(real_servers(), 997u);
  for (int i = 3; i < kSlices; ++i) agent_.put(slice_of(i, "other"));
  agent_.run();
  agent_.run_for(std::chrono::seconds(5));
  const ipvs::IpvsState state = *node_.ipvs.read();
  EXPECT_EQ(state.virtual_servers.at(0).real_servers.size(), 0u);
  EXPECT_EQ(state.virtual_servers.at(1).real_servers.size(), 1000u);
}

TEST_F(ManySlices, WhatSeveralNameIsServedUntilTheLastHasLeftIt) {
  agent_.put(fakes::make_slice("web", "again", {{"", base::Protocol::kTcp, 8080}},
                               {address_of(0), address_of(1)}));
  agent_.remove(watchers::Kind::kEndpointSlice, {"default", "web-0"});
  agent_.run();
  EXPECT_THAT(node_.take_log(), testing::IsEmpty());
  agent_.remove(watchers::Kind::kEndpointSlice, {"default", "again"});
  agent_.run();
  EXPECT_THAT(node_.take_log(),
              testing::ElementsAre("-e -t 10.96.0.10:80 -r 10.244.0.1:8080 -m -w 0"));
}

}  // namespace
}  // namespace agent
