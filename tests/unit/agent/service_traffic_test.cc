#include "agent/service_traffic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "agent/inside_marks.h"
#include "base/clock.h"
#include "tests/fakes/fake_ipvs_table.h"
#include "tests/fakes/manual_clock.h"

namespace agent {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

ipvs::VirtualServerKey key_of(int number) {
  return {.address = *base::IpAddress::parse("10.96.0." + std::to_string(number)), .port = 80};
}

ipvs::RealServer real_server(std::uint32_t weight = 1) {
  return {.key = {*base::IpAddress::parse("10.244.1.5"), 8080}, .weight = weight};
}

watchers::ObjectKey name_of(int number) { return {"default", "web-" + std::to_string(number)}; }

ServicePlan plan_of(int number) {
  ServicePlan plan;
  plan.virtual_servers.resize(1);
  plan.virtual_servers[0].server.key = key_of(number);
  plan.virtual_servers[0].server.scheduler = "rr";
  plan.virtual_servers[0].real_servers = {real_server()};
  return plan;
}

// "default/web-1" on 10.96.0.1:80 and so on, wanted and in the kernel; number n has had 10 n
// connections.
class ServiceTrafficTest : public ::testing::Test {
 protected:
  void make(ServiceMetrics options, int services = 5) {
    auto table = std::make_unique<fakes::FakeIpvsTable>();
    table_ = table.get();
    traffic_ = std::make_unique<ServiceTraffic>(std::move(table), clock_, std::move(options));
    for (int i = 1; i <= services; ++i) {
      want(i);
      write(ipvs::AddVirtualServer{plan_of(i).virtual_servers[0].server});
      write(ipvs::AddRealServer{key_of(i), real_server()});
      pass(i, 10 * static_cast<std::uint64_t>(i));
    }
  }
  void want(int number) {
    traffic_->planned(desired_, desired_.set_plan(name_of(number), plan_of(number)));
  }
  void write(const ipvs::IpvsOp& op) {
    for (const base::Status& status : table_->apply({&op, 1})) EXPECT_TRUE(status.ok());
  }
  void pass(int number, std::uint64_t connections) {
    table_->add_traffic(key_of(number), real_server().key,
                        {.connections = connections, .packets_in = 7 * connections});
  }
  std::string page_after(base::Duration time) {
    clock_.advance(time);
    return traffic_->page();
  }
  static std::string labels(int number, const std::string& more = "") {
    return "{namespace=\"default\",service=\"web-" + std::to_string(number) +
           "\",address=\"10.96.0." + std::to_string(number) +
           "\",port=\"80\",protocol=\"TCP\",kind=\"cluster_ip\",clients=\"all\"" + more + "} ";
  }
  static std::string connections(int number, int count) {
    return "\nipvs_agent_service_connections_total" + labels(number) + std::to_string(count) + "\n";
  }

  fakes::ManualClock clock_;
  DesiredHost desired_;
  fakes::FakeIpvsTable* table_ = nullptr;
  std::unique_ptr<ServiceTraffic> traffic_;
};

TEST_F(ServiceTrafficTest, ShowsTheServicesWithTheMostConnections) {
  make({.top = 2, .select = {}});
  std::string page = traffic_->page();
  EXPECT_THAT(page, HasSubstr(connections(5, 50)));
  EXPECT_THAT(page, HasSubstr(connections(4, 40)));
  EXPECT_THAT(page, HasSubstr("\nipvs_agent_service_packets_total" +
                              labels(5, ",direction=\"in\"") + "350\n"));
  EXPECT_THAT(page, HasSubstr("\nipvs_agent_service_endpoints" + labels(5) + "1\n"));
  EXPECT_THAT(page, HasSubstr("\nipvs_agent_traffic_services 2\n"));
  EXPECT_THAT(page, Not(HasSubstr("web-3")));
  EXPECT_THAT(page, Not(HasSubstr("ipvs_agent_endpoint_")));
  pass(1, 1000);
  page = page_after(5s);
  EXPECT_THAT(page, HasSubstr(connections(1, 1010)));
  EXPECT_THAT(page, Not(HasSubstr("web-4")));
}

TEST_F(ServiceTrafficTest, AmongEqualsTheFirstInOrderAreShown) {
  make({.top = 2, .select = {}}, 0);
  for (int i : {4, 2, 3}) {
    want(i);
    write(ipvs::AddVirtualServer{plan_of(i).virtual_servers[0].server});
  }
  std::string page = traffic_->page();
  EXPECT_THAT(page, HasSubstr(connections(2, 0)));
  EXPECT_THAT(page, HasSubstr(connections(3, 0)));
  EXPECT_THAT(page, Not(HasSubstr("web-4")));
}

TEST_F(ServiceTrafficTest, ThoseSelectedAreShownBesideTheTop) {
  make({.top = 1, .select = {"default/web-2", "other/*"}});
  std::string page = traffic_->page();
  EXPECT_THAT(page, HasSubstr(connections(2, 20)));
  EXPECT_THAT(page, HasSubstr(connections(5, 50)));
  EXPECT_THAT(page, HasSubstr("\nipvs_agent_traffic_services 2\n"));
}

TEST_F(ServiceTrafficTest, NoneReadsNothing) {
  make({.mode = ServiceMetricsMode::kNone, .select = {}});
  EXPECT_EQ(traffic_->page(), "");
  traffic_->reconfigure({.mode = ServiceMetricsMode::kSelected, .select = {"*/web-1"}}, desired_);
  EXPECT_THAT(traffic_->page(), HasSubstr(connections(1, 10)));
  EXPECT_THAT(traffic_->page(), Not(HasSubstr("web-2")));
  traffic_->reconfigure({.mode = ServiceMetricsMode::kAll, .select = {}}, desired_);
  EXPECT_THAT(traffic_->page(), HasSubstr(connections(2, 20)));
  traffic_->reconfigure({.mode = ServiceMetricsMode::kNone, .select = {}}, desired_);
  EXPECT_EQ(traffic_->page(), "");
}

TEST_F(ServiceTrafficTest, OneReadingServesFiveSeconds) {
  make({.mode = ServiceMetricsMode::kAll, .select = {}});
  (void)traffic_->page();
  int reads = table_->read_some_count();
  for (int i = 0; i < 49; ++i) (void)page_after(100ms);
  EXPECT_EQ(table_->read_some_count(), reads);
  (void)page_after(100ms);
  EXPECT_EQ(table_->read_some_count(), reads + 1);
}

TEST_F(ServiceTrafficTest, EndpointsAreShownWhenAskedFor) {
  make({.select = {}, .endpoints = true}, 1);
  table_->set_connections(key_of(1), real_server().key, 3, 4);
  std::string page = traffic_->page();
  const std::string labels_of_it = labels(1, ",endpoint=\"10.244.1.5:8080\"");
  EXPECT_THAT(page, HasSubstr("\nipvs_agent_endpoint_connections_total" + labels_of_it + "10\n"));
  EXPECT_THAT(page, HasSubstr("\nipvs_agent_endpoint_active_connections" + labels_of_it + "3\n"));
  EXPECT_THAT(page, HasSubstr("\nipvs_agent_endpoint_inactive_connections" + labels_of_it + "4\n"));
  EXPECT_THAT(page, HasSubstr("\nipvs_agent_endpoint_weight" + labels_of_it + "1\n"));
  EXPECT_THAT(page, HasSubstr("\nipvs_agent_endpoint_draining" + labels_of_it + "0\n"));
  EXPECT_THAT(page, HasSubstr("\nipvs_agent_service_active_connections" + labels(1) + "3\n"));
  write(ipvs::EditRealServer{key_of(1), real_server(0)});
  page = page_after(5s);
  EXPECT_THAT(page, HasSubstr("\nipvs_agent_endpoint_draining" + labels_of_it + "1\n"));
  EXPECT_THAT(page, HasSubstr("\nipvs_agent_service_endpoints" + labels(1) + "0\n"));
}

// A counter may begin anew, with its virtual server; no series adds what comes and goes.
TEST_F(ServiceTrafficTest, ACounterOnlyGrowsUntilItsVirtualServerIsMadeAnew) {
  make({.mode = ServiceMetricsMode::kAll, .select = {}});
  EXPECT_THAT(traffic_->page(), HasSubstr(connections(3, 30)));
  write(ipvs::DeleteRealServer{key_of(3), real_server().key});
  EXPECT_THAT(page_after(5s), HasSubstr(connections(3, 30)));
  write(ipvs::DeleteVirtualServer{key_of(3)});
  EXPECT_THAT(page_after(5s), Not(HasSubstr("web-3")));
  write(ipvs::AddVirtualServer{plan_of(3).virtual_servers[0].server});
  EXPECT_THAT(page_after(5s), HasSubstr(connections(3, 0)));
}

TEST_F(ServiceTrafficTest, WhatIsNotOursOrNoLongerWantedIsNotShown) {
  make({.mode = ServiceMetricsMode::kAll, .select = {}});
  write(ipvs::AddVirtualServer{plan_of(9).virtual_servers[0].server});
  EXPECT_THAT(traffic_->page(), Not(HasSubstr("10.96.0.9")));
  traffic_->planned(desired_, desired_.set_plan(name_of(2), {}));
  EXPECT_THAT(page_after(5s), Not(HasSubstr("web-2")));
}

// An address that two Services claim is shown under the name of the one that has it.
TEST_F(ServiceTrafficTest, AnAddressThatChangesHandsChangesItsName) {
  make({.mode = ServiceMetricsMode::kAll, .select = {}}, 2);
  traffic_->planned(desired_, desired_.set_plan({"default", "a"}, plan_of(2)));
  EXPECT_THAT(traffic_->page(), HasSubstr("service=\"a\",address=\"10.96.0.2\""));
  EXPECT_THAT(traffic_->page(), Not(HasSubstr("web-2")));
  traffic_->planned(desired_, desired_.set_plan({"default", "a"}, {}));
  EXPECT_THAT(page_after(5s), HasSubstr(connections(2, 20)));
}

// The virtual servers of firewall marks are called by the address that leads to them.
TEST_F(ServiceTrafficTest, MarksAreCalledByTheirAddress) {
  make({.mode = ServiceMetricsMode::kAll, .select = {}}, 0);
  ServicePlan plan = plan_of(1);
  plan.inside = plan.virtual_servers;
  InsideMarks marks(0x3fff, 0x4000);
  give_marks(plan, marks, true, "mh");
  ASSERT_EQ(plan.virtual_servers.size(), 3u);
  traffic_->planned(desired_, desired_.set_plan(name_of(1), plan));
  for (const PlannedVirtualServer& planned : plan.virtual_servers) {
    write(ipvs::AddVirtualServer{planned.server});
  }
  const std::string page = traffic_->page();
  for (const char* clients : {"all", "pods", "masqueraded"}) {
    EXPECT_THAT(page, HasSubstr("\nipvs_agent_service_connections_total{namespace=\"default\","
                                "service=\"web-1\",address=\"10.96.0.1\",port=\"80\",protocol="
                                "\"TCP\",kind=\"cluster_ip\",clients=\"" +
                                std::string(clients) + "\"} 0\n"));
  }
}

// Answers from a table that fails when told to.
class FailingTable final : public ipvs::IpvsTable {
 public:
  explicit FailingTable(bool& fails) : fails_(fails) {}
  base::Result<ipvs::IpvsState> read() override { return ipvs::IpvsState{}; }
  base::Result<std::vector<ipvs::VirtualServerState>> read_virtual_servers() override {
    if (fails_) return base::Status(base::Code::kInterrupted, "changed meanwhile", EINTR);
    ipvs::VirtualServerState state;
    state.server = plan_of(1).virtual_servers[0].server;
    return std::vector<ipvs::VirtualServerState>{state};
  }
  base::Result<std::vector<ipvs::VirtualServerState>> read_some(
      std::span<const ipvs::VirtualServerKey> /*keys*/) override {
    return read_virtual_servers();
  }
  std::vector<base::Status> apply(std::span<const ipvs::IpvsOp> /*ops*/) override { return {}; }

 private:
  bool& fails_;
};

TEST(ServiceTraffic, TheLastAnswerServesAMinuteWhereNothingCanBeRead) {
  fakes::ManualClock clock;
  bool fails = false;
  ServiceTraffic traffic(std::make_unique<FailingTable>(fails), clock, {});
  DesiredHost desired;
  traffic.planned(desired, desired.set_plan(name_of(1), plan_of(1)));
  EXPECT_THAT(traffic.page(), HasSubstr("service=\"web-1\""));
  fails = true;
  for (int i = 1; i <= 11; ++i) {
    clock.advance(5s);
    EXPECT_THAT(traffic.page(), HasSubstr("service=\"web-1\""));
  }
  clock.advance(5s);
  const std::string page = traffic.page();
  EXPECT_THAT(page, Not(HasSubstr("service=\"web-1\"")));
  EXPECT_THAT(page, HasSubstr("\nipvs_agent_traffic_services 0\n"));
  EXPECT_THAT(page, HasSubstr("\nipvs_agent_traffic_read_failures_total 12\n"));
  fails = false;
  clock.advance(5s);
  EXPECT_THAT(traffic.page(), HasSubstr("service=\"web-1\""));
}

// Scrapes while the loop changes plans: for the thread sanitizer.
TEST(ServiceTraffic, IsReadWhileRoundsRun) {
  base::SystemClock clock;
  ServiceTraffic traffic(std::make_unique<fakes::FakeIpvsTable>(), clock, {});
  DesiredHost desired;
  std::atomic<bool> done = false;
  std::jthread scraper([&] {
    while (!done) (void)traffic.page();
  });
  for (int round = 0; round < 200; ++round) {
    for (int i = 1; i <= 50; ++i) {
      traffic.planned(desired,
                      desired.set_plan(name_of(i), round % 2 == 0 ? plan_of(i) : ServicePlan()));
    }
    traffic.reconfigure({.top = round + 1, .select = {}, .endpoints = round % 3 == 0}, desired);
  }
  done = true;
}

TEST(ServiceMetrics, PatternsStandForServices) {
  const std::vector<std::string> select = {"default/web", "shop-*/*", "*/dns"};
  EXPECT_TRUE(is_selected({"default", "web"}, select));
  EXPECT_FALSE(is_selected({"default", "web2"}, select));
  EXPECT_TRUE(is_selected({"shop-1", "anything"}, select));
  EXPECT_FALSE(is_selected({"shop", "anything"}, select));
  EXPECT_TRUE(is_selected({"kube-system", "dns"}, select));
  EXPECT_FALSE(is_selected({"default", "web"}, {}));
}

}  // namespace
}  // namespace agent
