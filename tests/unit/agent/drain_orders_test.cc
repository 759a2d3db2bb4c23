#include "agent/drain_orders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "agent/drain_answer.h"
#include "agent/drain_order_file.h"
#include "tests/fakes/fake_node.h"

namespace agent {
namespace {

using fakes::make_endpoint;
using fakes::make_service;
using fakes::make_slice;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr base::Protocol kTcp = base::Protocol::kTcp;

base::IpAddress ip(const char* text) { return *base::IpAddress::parse(text); }
DrainOrder order(const char* text) { return *parse_drain_order(text); }

TEST(DrainOrder, TextAndBack) {
  for (const char* text : {"10.244.1.5", "10.244.1.5:8080", "[fd00::5]:8080", "fd00::5",
                           "node/worker-1.example.org"}) {
    auto parsed = parse_drain_order(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status().message();
    EXPECT_EQ(to_string(*parsed), text);
  }
  for (const char* text : {"", "web", "10.244.1.5:", "10.244.1.5:0", "10.244.1.5:65536", "node/",
                           "node/a/b", "10.244.1:80", "[10.244.1.5", "10.244.1.5:80x"}) {
    EXPECT_THAT(parse_drain_order(text).status().message(), HasSubstr("node/NAME")) << text;
  }
}

class DrainOrdersTest : public testing::Test {
 protected:
  DrainOrdersTest() {
    agent_.put(make_service("web", "10.96.0.10", {{"", kTcp, 80, 0}}));
    put_endpoints({"10.244.1.1", "10.244.1.2"});
    agent_.put(make_service("other", "10.96.0.11", {{"", kTcp, 80, 0}}));
    agent_.put(make_slice("other", "other-1", {{"", kTcp, 9090}}, {"10.244.1.3"}));
    agent_.sync();
    agent_.run();
    node_.take_log();
  }
  void put_endpoints(const std::vector<std::string>& addresses) {
    watchers::EndpointSlice slice = make_slice("web", "web-1", {{"", kTcp, 8080}}, {});
    for (const std::string& address : addresses) {
      slice.groups[0].endpoints.push_back(make_endpoint(address, "worker-" + address.substr(9)));
    }
    agent_.put(slice);
  }
  bool give(const char* text, bool undo = false) {
    bool changed = agent_.loop.order_drain(order(text), undo, node_.clock.now());
    agent_.run();
    return changed;
  }

  fakes::FakeNode node_;
  fakes::FakeAgent agent_{node_};
};

TEST_F(DrainOrdersTest, GiveWeightZeroUntilTheyAreTakenBack) {
  EXPECT_TRUE(give("10.244.1.1"));
  EXPECT_THAT(node_.take_log(), ElementsAre("-e -t 10.96.0.10:80 -r 10.244.1.1:8080 -m -w 0"));
  EXPECT_FALSE(give("10.244.1.1"));
  EXPECT_THAT(node_.take_log(), IsEmpty());
  EXPECT_TRUE(give("10.244.1.1", true));
  EXPECT_THAT(node_.take_log(), ElementsAre("-e -t 10.96.0.10:80 -r 10.244.1.1:8080 -m -w 1"));
  EXPECT_FALSE(give("10.244.1.1", true));
}

TEST_F(DrainOrdersTest, AreAboutOnePortIfTheySaySo) {
  give("10.244.1.1:9999");
  EXPECT_THAT(node_.take_log(), IsEmpty());
  give("10.244.1.1:8080");
  EXPECT_THAT(node_.take_log(), ElementsAre("-e -t 10.96.0.10:80 -r 10.244.1.1:8080 -m -w 0"));
}

TEST_F(DrainOrdersTest, AreAboutAllEndpointsOfANode) {
  give("node/worker-2");
  EXPECT_THAT(node_.take_log(), ElementsAre("-e -t 10.96.0.10:80 -r 10.244.1.2:8080 -m -w 0"));
}

TEST_F(DrainOrdersTest, OutliveRoundsAndHoldForEndpointsThatComeLater) {
  give("10.244.1.4");
  EXPECT_THAT(node_.take_log(), IsEmpty());
  put_endpoints({"10.244.1.1", "10.244.1.2", "10.244.1.4"});
  agent_.run();
  EXPECT_THAT(node_.take_log(), ElementsAre("-a -t 10.96.0.10:80 -r 10.244.1.4:8080 -m -w 0"));
  agent_.run_for(std::chrono::minutes(2));
  EXPECT_THAT(node_.take_log(), IsEmpty());
}

TEST_F(DrainOrdersTest, AnEndpointThatLeavesIsDrainedAsEver) {
  give("10.244.1.1");
  ipvs::VirtualServerKey key{ip("10.96.0.10"), 80, kTcp, 0};
  ASSERT_TRUE(node_.ipvs.set_connections(key, {ip("10.244.1.1"), 8080}, 1, 0));
  put_endpoints({"10.244.1.2"});
  agent_.run();
  EXPECT_EQ(agent_.host.drains().size(), 1u);
  ASSERT_TRUE(node_.ipvs.set_connections(key, {ip("10.244.1.1"), 8080}, 0, 0));
  agent_.run_for(std::chrono::seconds(10));
  EXPECT_THAT(node_.take_log(), testing::Contains("-d -t 10.96.0.10:80 -r 10.244.1.1:8080"));
}

TEST_F(DrainOrdersTest, ProgressIsToldWithWhatIsLeftAlone) {
  give("10.244.1.1");
  give("10.244.1.3");
  ipvs::VirtualServerKey key{ip("10.96.0.10"), 80, kTcp, 0};
  ASSERT_TRUE(node_.ipvs.set_connections(key, {ip("10.244.1.1"), 8080}, 2, 1));
  auto status = drain_status(agent_.loop);
  ASSERT_TRUE(status.ok());
  ASSERT_EQ(status->size(), 2u);
  ASSERT_EQ((*status)[0].servers.size(), 1u);
  EXPECT_EQ((*status)[0].servers[0].real_server.active_connections, 2u);
  EXPECT_EQ((*status)[0].servers[0].real_server.inactive_connections, 1u);
  EXPECT_FALSE((*status)[0].servers[0].alone);
  EXPECT_TRUE((*status)[1].servers[0].alone);
}

TEST(DrainOrderFile, KeepsOrdersForTheNextAgent) {
  std::string pattern = testing::TempDir() + "ordersXXXXXX";
  const std::string folder = std::string(mkdtemp(pattern.data())) + "/made";
  DrainOrderFile file(folder);
  EXPECT_THAT(*file.load(), IsEmpty());
  const std::set<DrainOrder> orders = {order("10.244.1.1"), order("node/a"), order("[fd00::1]:1")};
  ASSERT_TRUE(file.save(orders).ok());
  EXPECT_EQ(*file.load(), orders);
  std::ofstream(folder + "/drain-orders") << "10.244.1.1\nnonsense\n";
  EXPECT_THAT(file.load().status().message(), HasSubstr(folder + "/drain-orders"));
  EXPECT_TRUE(DrainOrderFile("").save(orders).ok());
  EXPECT_THAT(*DrainOrderFile("").load(), IsEmpty());
  EXPECT_FALSE(DrainOrderFile("/not/made/at/all").save(orders).ok());
  std::filesystem::remove_all(pattern);
}

}  // namespace
}  // namespace agent
