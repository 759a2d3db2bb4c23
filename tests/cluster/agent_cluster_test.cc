// The real agent and real packets, on a real API server and the real EndpointSlice controller.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "tests/cluster/agent_cluster.h"
#include "tests/lab/client.h"

namespace cluster {
namespace {

using base::Family;
using base::IpAddress;
using base::Protocol;
using lab::eventually;
using lab::Target;
using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr char kProxyNameLabel[] = "service.kubernetes.io/service-proxy-name";
constexpr char kOperations[] = "ipvs_agent_operations_total";
constexpr char kLists[] = "ipvs_agent_source_lists_total";
const Labels kWeb = {{"app", "web"}};

std::string at(const IpAddress& address, base::Port port) {
  const std::string text = address.to_string();
  return (address.is_ipv4() ? text : "[" + text + "]") + ":" + std::to_string(port);
}

// The cluster is made once, the namespace of the API anew for each test. Where a test is, so is a
// running agent in step with the API; a test that replaces it or disturbs the API puts that right.
class AgentClusterTest : public testing::Test {
 protected:
  static void TearDownTestSuite() { cluster_.reset(); }

  void SetUp() override {
    if (!cluster_) cluster_ = std::make_unique<AgentCluster>();
    if (!agent().running()) ok(agent().start());
    for (char c : std::string(testing::UnitTest::GetInstance()->current_test_info()->name())) {
      space_ += static_cast<char>(std::tolower(c));
    }
    space_ += "-" + std::to_string(getpid());  // the control plane may have served another run
    ok(api().create("/api/v1/namespaces", namespace_json(space_)).status());
  }

  void TearDown() override {
    if (!HasFailure() || !cluster_) return;
    std::cerr << "--- the agent's log\n"
              << agent().log() << "--- the kernel\n"
              << agent().ipvs() << "---\n";
  }

  static AgentCluster& cluster() { return *cluster_; }
  static lab::AgentProcess& agent() { return cluster_->agent(); }
  static ControlPlane& plane() { return cluster_->plane(); }
  static ApiTunnel& tunnel() { return cluster_->tunnel(); }
  static Api& api() { return cluster_->api(); }
  static void ok(const base::Status& status) { ASSERT_TRUE(status.ok()) << status.message(); }

  std::string services() const { return "/api/v1/namespaces/" + space_ + "/services"; }
  std::string pods() const { return "/api/v1/namespaces/" + space_ + "/pods"; }

  // Creates a Service; its cluster IPs as the API server chose them.
  std::vector<IpAddress> serve(const ServiceManifest& service) {
    auto made = api().create(services(), service.json());
    if (!made.ok()) throw std::runtime_error(made.status().message());
    std::vector<IpAddress> addresses;
    const json object = json::parse(*made);
    for (const json& ip : object["spec"]["clusterIPs"]) {
      auto address = IpAddress::parse(ip.get<std::string>());
      if (address.ok()) addresses.push_back(*address);
    }
    return addresses;
  }

  void add_pod(const std::string& server, const Labels& labels = kWeb) {
    ok(api().create(pods(), AgentCluster::pod(server, labels).json()).status());
    set_ready(server, true);
  }

  void set_ready(const std::string& server, bool ready) {
    PodManifest pod = AgentCluster::pod(server, {});
    pod.ready = ready;
    ok(api().merge_patch(pods() + "/" + server + "/status", pod.status_patch()).status());
  }

  // A ready single-port Service of one Pod, in the kernel.
  IpAddress serve_ready(const std::string& name) {
    add_pod("pod-0");
    IpAddress address = serve({.name = name, .selector = kWeb}).at(0);
    EXPECT_TRUE(eventually([&] { return takes(address, "pod-0"); }));
    return address;
  }

  // How many protocols' virtual servers of port 80 give new connections to the server.
  static int shares(const IpAddress& service, const std::string& server) {
    const std::string wanted =
        at(service, 80) + " -r " + at(AgentCluster::address(server, service.family()), kServerPort);
    std::istringstream lines(agent().ipvs());
    int count = 0;
    for (std::string line; std::getline(lines, line);) {
      if (line.find(wanted + " ") != std::string::npos && line.find("-w 0") == std::string::npos) {
        ++count;
      }
    }
    return count;
  }
  static bool takes(const IpAddress& service, const std::string& server) {
    return shares(service, server) > 0;
  }
  static bool is_in_kernel(const IpAddress& service) {
    return agent().everything().find(service.to_string()) != std::string::npos;
  }

  static std::map<std::string, int> ask(const IpAddress& service, int count,
                                        Protocol protocol = Protocol::kTcp) {
    auto answers = lab::spread(cluster().network().client(), {protocol, service, 80}, count);
    EXPECT_TRUE(answers.ok()) << answers.status().message();
    return answers.ok() ? *answers : std::map<std::string, int>();
  }
  // A connection that this server answers.
  static std::optional<lab::Connection> connect(const IpAddress& service,
                                                const std::string& server) {
    for (int tries = 0; tries < 10; ++tries) {
      auto connection =
          lab::Connection::open(cluster().network().client(), {Protocol::kTcp, service, 80});
      auto reply = connection.ok() ? connection->ask() : connection.status();
      if (reply.ok() && reply->server == server) return std::move(*connection);
    }
    ADD_FAILURE() << server << " answered none of 10 connections";
    return std::nullopt;
  }
  static void expect_alive(std::optional<lab::Connection>& connection) {
    ASSERT_TRUE(connection);
    auto reply = connection->ask();
    EXPECT_TRUE(reply.ok()) << reply.status().message();
  }

  // Deletions of virtual servers and real servers so far.
  static double deletions() {
    return agent().metric(kOperations, "operation=\"delete").value_or(0);
  }

  // Proves that the agent follows the API: something new arrives in the kernel.
  void expect_to_follow(const std::string& name) {
    IpAddress address = serve({.name = name, .selector = kWeb}).at(0);
    EXPECT_TRUE(eventually([&] { return is_in_kernel(address); })) << name;
  }

  std::string space_;  // the test's own namespace of the API
  static std::unique_ptr<AgentCluster> cluster_;
};

std::unique_ptr<AgentCluster> AgentClusterTest::cluster_;

TEST_F(AgentClusterTest, PodsOfTheRealControllerAreServedOverEveryProtocolAndFamily) {
  const std::vector<IpAddress> addresses =
      serve({.name = "web",
             .selector = kWeb,
             .ports = {{.name = "tcp", .protocol = Protocol::kTcp},
                       {.name = "udp", .protocol = Protocol::kUdp},
                       {.name = "sctp", .protocol = Protocol::kSctp}},
             .ip_family_policy = "RequireDualStack"});
  ASSERT_EQ(addresses.size(), 2u);
  add_pod("pod-0");
  add_pod("remote-0");
  for (const IpAddress& address : addresses) {
    ASSERT_TRUE(eventually(
        [&] { return shares(address, "pod-0") == 3 && shares(address, "remote-0") == 3; }));
    for (Protocol protocol : {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp}) {
      SCOPED_TRACE(to_string(Target{protocol, address, 80}));
      EXPECT_THAT(
          ask(address, 4, protocol),
          testing::UnorderedElementsAre(testing::Pair("pod-0", 2), testing::Pair("remote-0", 2)));
    }
  }
  ok(api().remove(services() + "/web").status());
  for (const IpAddress& address : addresses) {
    EXPECT_TRUE(eventually([&] { return !is_in_kernel(address); })) << agent().everything();
  }
}

TEST_F(AgentClusterTest, ReadinessAndDeletionOfPodsMoveNewConnectionsOnly) {
  const IpAddress web = serve_ready("web");
  add_pod("remote-0");
  ASSERT_TRUE(eventually([&] { return takes(web, "remote-0"); }));
  auto held = connect(web, "remote-0");

  set_ready("remote-0", false);
  ASSERT_TRUE(eventually([&] { return !takes(web, "remote-0"); }));
  EXPECT_THAT(ask(web, 4), testing::ElementsAre(testing::Pair("pod-0", 4)));
  expect_alive(held);
  set_ready("remote-0", true);
  ASSERT_TRUE(eventually([&] { return takes(web, "remote-0"); }));
  EXPECT_EQ(ask(web, 4).size(), 2u);

  // Without a kubelet a deleted Pod stays in its grace time: terminating, still in the slice.
  ok(api().remove(pods() + "/remote-0").status());
  ASSERT_TRUE(eventually([&] { return !takes(web, "remote-0"); }));
  expect_alive(held);
  ok(api().remove(pods() + "/remote-0?gracePeriodSeconds=0").status());
  ok(api().await("/apis/discovery.k8s.io/v1/namespaces/" + space_ + "/endpointslices",
                 [](auto line) {
                   return line.find("\"endpoints\":") != std::string_view::npos &&
                          line.find(AgentCluster::address("remote-0", Family::kIpv4).to_string()) ==
                              std::string_view::npos;
                 }));
  expect_to_follow("after");  // so the agent has seen the deletion as well
  EXPECT_THAT(ask(web, 4), testing::ElementsAre(testing::Pair("pod-0", 4)));
  expect_alive(held);
}

TEST_F(AgentClusterTest, HeadlessServicesAndThoseOfOtherProxiesAreLeftAlone) {
  const IpAddress web = serve_ready("web");
  const IpAddress other =
      serve({.name = "other", .labels = {{kProxyNameLabel, "mesh"}}, .selector = kWeb}).at(0);
  serve({.name = "headless", .selector = kWeb, .cluster_ip = "None"});
  const double known = agent().metric("ipvs_agent_services").value_or(-1);
  expect_to_follow("after");
  EXPECT_FALSE(is_in_kernel(other));
  EXPECT_TRUE(eventually([&] { return agent().metric("ipvs_agent_services") == known + 1; }))
      << "the server's selectors keep the two out";

  // A Service can be handed to another proxy, and back.
  const std::string label = std::string("{\"metadata\":{\"labels\":{\"") + kProxyNameLabel + "\":";
  ok(api().merge_patch(services() + "/web", label + "\"mesh\"}}}").status());
  EXPECT_TRUE(eventually([&] { return !is_in_kernel(web); }));
  ok(api().merge_patch(services() + "/web", label + "null}}}").status());
  EXPECT_TRUE(eventually([&] { return takes(web, "pod-0"); }));
}

TEST_F(AgentClusterTest, AKilledApiServerStopsNoTrafficAndLosesNoChange) {
  const IpAddress web = serve_ready("web");
  auto held = connect(web, "pod-0");
  const std::string before = agent().everything();
  const double deleted = deletions();
  ok(plane().kill(Part::kApiServer));
  EXPECT_TRUE(eventually([&] { return agent().metric("ipvs_agent_source_connected") == 0; }));
  EXPECT_EQ(ask(web, 4).at("pod-0"), 4);
  expect_alive(held);
  EXPECT_EQ(agent().everything(), before);

  // At once, most likely before any client is back.
  ok(plane().start(Part::kApiServer));
  add_pod("remote-0");
  const IpAddress more = serve({.name = "more", .selector = kWeb}).at(0);
  EXPECT_TRUE(eventually([&] { return takes(web, "remote-0") && takes(more, "remote-0"); }));
  EXPECT_EQ(deletions(), deleted) << agent().log();
  expect_alive(held);
  EXPECT_EQ(ask(web, 4).size(), 2u);
}

TEST_F(AgentClusterTest, ACompactionWhileItIsCutOffCostsAListAndNoChange) {
  const IpAddress kept = serve_ready("kept");
  const IpAddress gone = serve({.name = "gone", .selector = kWeb}).at(0);
  add_pod("remote-0");
  ASSERT_TRUE(eventually([&] { return takes(gone, "remote-0") && takes(kept, "remote-0"); }));
  auto held = connect(kept, "pod-0");
  const double lists = agent().metric(kLists, "services").value_or(0);

  tunnel().refuse(true);
  tunnel().cut();
  ok(api().remove(services() + "/gone").status());
  ok(api().remove(pods() + "/remote-0?gracePeriodSeconds=0").status());
  const IpAddress made = serve({.name = "made", .selector = kWeb}).at(0);
  ok(plane().compact().status());
  ok(plane().restart(Part::kApiServer));  // its watch cache still knew the past
  EXPECT_TRUE(takes(gone, "pod-0")) << "nothing is removed while nothing is known";
  tunnel().refuse(false);

  EXPECT_TRUE(eventually([&] { return takes(made, "pod-0"); }));
  EXPECT_TRUE(eventually([&] { return !is_in_kernel(gone) && !takes(kept, "remote-0"); }));
  EXPECT_GT(agent().metric(kLists, "services").value_or(0), lists);
  EXPECT_TRUE(takes(kept, "pod-0"));
  expect_alive(held);
}

TEST_F(AgentClusterTest, ASilentApiServerIsWaitedFor) {
  const IpAddress web = serve_ready("web");
  const std::string before = agent().everything();
  ok(plane().pause(Part::kApiServer));
  EXPECT_EQ(ask(web, 4).at("pod-0"), 4);
  EXPECT_EQ(agent().everything(), before);
  ok(plane().resume(Part::kApiServer));
  expect_to_follow("resumed");

  // The network is silent, and the world goes on meanwhile.
  tunnel().freeze(true);
  add_pod("remote-0");
  EXPECT_EQ(ask(web, 4).at("pod-0"), 4);
  tunnel().freeze(false);
  EXPECT_TRUE(eventually([&] { return takes(web, "remote-0"); }));
}

TEST_F(AgentClusterTest, ARestartedAgentWritesNothing) {
  const IpAddress web = serve_ready("web");
  auto held = connect(web, "pod-0");
  auto status = agent().stop();
  ASSERT_TRUE(status.ok()) << status.status().message();
  EXPECT_EQ(*status, 0) << agent().log();
  const std::string before = agent().everything();
  ok(agent().start());
  EXPECT_EQ(agent().everything(), before);
  EXPECT_EQ(agent().metric(kOperations).value_or(0), 0) << agent().log();
  expect_alive(held);
}

}  // namespace
}  // namespace cluster
