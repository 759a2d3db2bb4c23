// An API that says nonsense, or nothing, to the agent as a process: it tells, serves on, recovers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/kernel/agent_fixture.h"
#include "tests/kernel/steady_load.h"

namespace kernel_test {
namespace {

using apiserver::FaultScope;
using apiserver::WatchOrder;
using base::Protocol;
using lab::Target;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::vector<ServicePort> kTcpPort = {{Protocol::kTcp, 80, kServerPort}};

class AgentApiFaults : public AgentTest {
 protected:
  void SetUp() override {
    serve("web", {ip("10.96.0.10")}, kTcpPort, {"pod-0", "remote-0"});
    lab().configure({"clusterCIDR: 10.244.0.0/16"});
    ASSERT_TRUE(lab().start());
    load_.add_client(network().client(1));
  }
  void TearDown() override {
    load_.stop();
    EXPECT_THAT(load_.failures(), IsEmpty());
    EXPECT_TRUE(lab().running());
    AgentTest::TearDown();
  }
  // A new Service comes all the way to the kernel and leaves it again.
  bool follows() {
    serve("probe", {ip("10.96.0.99")}, kTcpPort, {"pod-0"});
    if (!in_kernel("-a -t 10.96.0.99:80 -r 10.244.1.11:8080")) return false;
    lab().erase("Service", "probe");
    return not_in_kernel("10.96.0.99");
  }
  bool logged(const std::string& text, std::size_t from = 0) {
    return eventually([&] { return lab().log().find(text, from) != std::string::npos; });
  }
  // The waits between tries grow over faults that follow each other; a new agent begins anew.
  void restart() {
    EXPECT_EQ(lab().stop(), 0);
    ASSERT_TRUE(lab().start());
  }
  std::size_t lines_with(const std::string& text) {
    std::string all = lab().ipvs();
    std::size_t count = 0;
    for (std::size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) {
      ++count;
    }
    return count;
  }

  SteadyLoad load_{Target{Protocol::kTcp, ip("10.96.0.10"), 80}};
};

TEST_F(AgentApiFaults, BadObjectsAndEventsHurtNobody) {
  {
    SCOPED_TRACE("malformed, truncated and unknown events");
    for (const char* text :
         {R"({"type": "MODIFIED", "object": {"kind": "Service", "metadata": {"name": "we)",
          R"({"type": "MODIFIED", "object": ][ })", "\x01\xff no JSON at all",
          R"({"type": "PUZZLED", "object": {"kind": "Service", "apiVersion": "v1", "metadata":)"
          R"( {"name": "web", "namespace": "default", "resourceVersion": "1"}}})"}) {
      SCOPED_TRACE(text);
      std::size_t before = lab().log().size();
      ASSERT_TRUE(eventually([&] { return lab().api().faults().open_watches("services") > 0; }));
      lab().api().faults().order("services", {WatchOrder::Kind::kSend, text});
      EXPECT_TRUE(follows());
      EXPECT_TRUE(eventually([&] {
        return lab().log().find("warning", before) != std::string::npos;
      })) << "nothing was told";
    }
    lab().api().faults().order("endpointslices", {WatchOrder::Kind::kTruncateNext, ""});
    EXPECT_TRUE(follows());
  }
  {
    SCOPED_TRACE("a Service without ports");
    lab().put(make_service("portless", {ip("10.96.0.21")}, {}));
    EXPECT_TRUE(logged("default/portless"));
    EXPECT_TRUE(logged("the Service has no ports"));
    EXPECT_TRUE(follows());
    EXPECT_THAT(lab().ipvs(), Not(HasSubstr("10.96.0.21")));
  }
  {
    SCOPED_TRACE("a ClusterIP that is none: the last good Service stays");
    nlohmann::json broken = make_service("web", {ip("10.96.0.10")}, kTcpPort);
    broken["spec"]["clusterIP"] = "not-an-address";
    broken["spec"]["clusterIPs"] = {"not-an-address"};
    lab().put(broken);
    EXPECT_TRUE(logged("not-an-address"));
    lab().put(make_service("web", {ip("10.96.0.10")}, kTcpPort));
    EXPECT_TRUE(follows());
  }
  {
    SCOPED_TRACE("endpoints that are not addresses, duplicates in two slices");
    nlohmann::json odd =
        make_slice("odd", "1", kTcpPort, {endpoint("pod-0"), endpoint("pod-1"), endpoint("pod-1")});
    odd["endpoints"][0]["addresses"] = {"pod-0.example"};
    lab().put(odd);
    lab().put(make_slice("odd", "2", kTcpPort, {endpoint("pod-1"), endpoint("remote-0")}));
    lab().put(make_service("odd", {ip("10.96.0.22")}, kTcpPort));
    EXPECT_TRUE(logged("pod-0.example"));
    ASSERT_TRUE(eventually([&] { return lines_with("-a -t 10.96.0.22:80") == 2; }));
    auto answers = lab::spread(network().client(0), {Protocol::kTcp, ip("10.96.0.22"), 80}, 4);
    ASSERT_TRUE(answers.ok()) << answers.status().message();
    EXPECT_EQ(answers->size(), 2u);
  }
  {
    SCOPED_TRACE("5,000 endpoints");
    for (int part = 0; part < 5; ++part) {
      std::vector<Endpoint> endpoints;
      for (int i = 0; i < 1000; ++i) {
        endpoints.push_back({ip("10.12" + std::to_string(part) + "." + std::to_string(i / 250) +
                                "." + std::to_string(1 + i % 250))});
      }
      lab().put(make_slice("huge", std::to_string(part), kTcpPort, endpoints));
    }
    lab().put(make_service("huge", {ip("10.96.0.50")}, kTcpPort));
    EXPECT_TRUE(eventually([&] { return lines_with("-a -t 10.96.0.50:80") == 5000; }));
    EXPECT_TRUE(follows());
    lab().erase("Service", "huge");
    EXPECT_TRUE(not_in_kernel("10.96.0.50"));
  }
}

TEST_F(AgentApiFaults, AnApiThatIsAwayOrWrongIsWaitedFor) {
  {
    SCOPED_TRACE("gone: traffic goes on, what changed meanwhile comes afterwards");
    std::size_t before = lab().log().size();
    lab().api_leaves();
    EXPECT_TRUE(logged("watching the API failed", before));
    serve("late", {ip("10.96.0.31")}, kTcpPort, {"pod-1"});
    lab().put(make_slice("web", "v4", kTcpPort, {endpoint("pod-0"), endpoint("remote-1")}));
    int so_far = load_.answered();
    EXPECT_TRUE(eventually([&] { return load_.answered() > so_far + 30; }));
    EXPECT_THAT(lab().ipvs(), HasSubstr("-r 10.244.11.2:8080 -m -w 1"));
    lab().api_returns();
    EXPECT_TRUE(in_kernel("-a -t 10.96.0.31:80 -r 10.244.1.12:8080"));
    EXPECT_TRUE(in_kernel("-a -t 10.96.0.10:80 -r 10.244.12.2:8080 -m -w 1"));
  }
  {
    SCOPED_TRACE("200 with an HTML page");
    restart();
    std::size_t before = lab().log().size();
    apiserver::HttpResponse page{.status = 200,
                                 .content_type = "text/html",
                                 .headers = {},
                                 .body = "<html><body>Please log in</body></html>"};
    lab().api().faults().answer(2, {"services", FaultScope::Verb::kAny}, page);
    lab().api().faults().order("services", {WatchOrder::Kind::kReset, ""});
    EXPECT_TRUE(logged("HTML", before) || logged("html", before));
    EXPECT_TRUE(follows());
  }
  {
    SCOPED_TRACE("an expired certificate");
    restart();
    std::size_t before = lab().log().size();
    lab().api().use_certificate(
        lab().api().authority().issue("expired", {.common_name = "kube-apiserver",
                                                  .organization = "",
                                                  .dns_names = {"localhost"},
                                                  .ip_addresses = {"127.0.0.1"},
                                                  .lifetime = -std::chrono::hours(1),
                                                  .trusted = true}));
    lab().api().listener().abort_all(apiserver::Connection::Abort::kReset);
    EXPECT_TRUE(logged("certificate has expired", before));
    lab().api().use_good_certificate();
    EXPECT_TRUE(follows());
  }
}

// Real minutes: the silence after which the agent gives a watch up, then an absence that outlasts
// every wait between two tries.
TEST_F(AgentApiFaults, SilenceAndAbsenceForMinutesCostNoConnection) {
  {
    SCOPED_TRACE("a watch that goes silent");
    ASSERT_TRUE(eventually([&] { return lab().api().faults().open_watches("services") > 0; }));
    const std::size_t before = lab().log().size();
    lab().api().faults().silence("services", true);
    serve("unheard", {ip("10.96.0.32")}, kTcpPort, {"pod-1"});
    EXPECT_TRUE(eventually(
        [&] {
          return lab().log().find("the server was silent for 95", before) != std::string::npos;
        },
        std::chrono::minutes(4)));
    EXPECT_THAT(lab().ipvs(), Not(HasSubstr("10.96.0.32")));
    lab().api().faults().silence("services", false);
    EXPECT_TRUE(in_kernel("-a -t 10.96.0.32:80 -r 10.244.1.12:8080"));
  }
  {
    SCOPED_TRACE("the API gone for two minutes");
    const std::string before = lab().everything();
    lab().api_leaves();
    serve("late", {ip("10.96.0.31")}, kTcpPort, {"pod-1"});
    const auto cut_off = [&] { return lab().metric("ipvs_agent_source_connected") == 0; };
    ASSERT_TRUE(eventually(cut_off));
    EXPECT_FALSE(eventually([&] { return !cut_off(); }, std::chrono::minutes(2))) << lab().log();
    EXPECT_EQ(lab().everything(), before);
    lab().api_returns();
    EXPECT_TRUE(in_kernel("-a -t 10.96.0.31:80 -r 10.244.1.12:8080"));
    EXPECT_TRUE(follows());
  }
}

}  // namespace
}  // namespace kernel_test
