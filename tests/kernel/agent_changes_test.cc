// Endpoints come and go, and the agent itself, under connections that must not notice.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <regex>
#include <string>

#include "tests/kernel/agent_fixture.h"
#include "tests/kernel/steady_load.h"

namespace kernel_test {
namespace {

using base::Protocol;
using lab::Connection;
using lab::Target;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

const std::vector<ServicePort> kTcpPort = {{Protocol::kTcp, 80, kServerPort}};
const std::vector<ServicePort> kUdpPort = {{Protocol::kUdp, 53, kServerPort}};

class AgentChanges : public AgentTest {
 protected:
  Target web() const { return {Protocol::kTcp, ip("10.96.0.10"), 80}; }
  void use_servers(const std::vector<std::string>& servers) {
    std::vector<Endpoint> endpoints;
    endpoints.reserve(servers.size());
    for (const std::string& server : servers) endpoints.push_back(endpoint(server));
    lab().put(make_slice("web", "v4", kTcpPort, endpoints));
  }
  static std::string real_server(const std::string& server, int weight) {
    return "-r " + at(endpoint(server).address, kServerPort) + " -m -w " + std::to_string(weight);
  }
  // Waits until the kernel sends nobody new to the server and what it sent is over.
  bool drained(const std::string& name) {
    std::regex idle(at(endpoint(name).address, kServerPort) + " +Masq +0 +0 ");
    return in_kernel(real_server(name, 0)) && eventually([&] {
             return std::regex_search(lab().tool({"ipvsadm", "-Ln"}), idle) &&
                    server(name).open_connections() == 0;
           });
  }
  // Real servers that drain go when their last connection ends, whenever that is.
  static std::string without_drains(const std::string& state) {
    static const std::regex kDraining("-a [^\n]* -w 0\n");
    return std::regex_replace(state, kDraining, "");
  }
  std::string ask(Connection& connection) {
    auto reply = connection.ask();
    return reply ? reply->server : reply.status().message();
  }
};

TEST_F(AgentChanges, DrainTcpAndMoveUdpAtOnce) {
  serve("web", {ip("10.96.0.10")}, kTcpPort, {"pod-0"});
  serve("dns", {ip("10.96.0.53")}, kUdpPort, {"pod-0"});
  lab().configure({"ipvs: {tcpFinTimeout: 1s}", "clusterCIDR: 10.244.0.0/16"});
  ASSERT_TRUE(lab().start());
  auto connection = Connection::open(network().client(0), web());
  ASSERT_TRUE(connection.ok()) << connection.status().message();
  EXPECT_EQ(ask(*connection), "pod-0");

  // Removed: it keeps what it has and gets nothing new.
  use_servers({"pod-1"});
  ASSERT_TRUE(in_kernel(real_server("pod-0", 0)));
  EXPECT_EQ(ask(*connection), "pod-0");
  auto answers = lab::spread(network().client(1), web(), 5);
  ASSERT_TRUE(answers.ok()) << answers.status().message();
  EXPECT_THAT(*answers, ElementsAre(Pair("pod-1", 5)));
  EXPECT_TRUE(eventually([&] { return lab().metric("ipvs_agent_drains_active") == 1.0; }))
      << lab().metrics();

  // Back before the connection ended; then removed again over a restart of the agent.
  use_servers({"pod-0", "pod-1"});
  ASSERT_TRUE(in_kernel(real_server("pod-0", 1)));
  EXPECT_EQ(ask(*connection), "pod-0");
  use_servers({"pod-1"});
  ASSERT_TRUE(in_kernel(real_server("pod-0", 0)));
  EXPECT_EQ(lab().stop(SIGTERM), 0);
  ASSERT_TRUE(lab().start());
  EXPECT_THAT(lab().ipvs(), HasSubstr(real_server("pod-0", 0)));
  EXPECT_EQ(ask(*connection), "pod-0");

  // The end of the connection is the end of the drain.
  server("pod-0").stop();
  EXPECT_TRUE(not_in_kernel("-t 10.96.0.10:80 -r 10.244.1.11:8080"));
  EXPECT_TRUE(eventually([&] { return lab().log().find("drained") != std::string::npos; }));
}

TEST_F(AgentChanges, MoveUdpFlowsAtOnce) {
  serve("dns", {ip("10.96.0.53"), ip("fd00:96::53")}, kUdpPort, {"pod-0"});
  lab().configure({"clusterCIDR: 10.244.0.0/16"});
  ASSERT_TRUE(lab().start());
  for (base::Family family : kFamilies) {
    Target dns{Protocol::kUdp, ip(family == base::Family::kIpv4 ? "10.96.0.53" : "fd00:96::53"),
               53};
    SCOPED_TRACE(to_string(dns));
    auto flow = Connection::open(network().client(0), dns,
                                 {.timeout = std::chrono::seconds(3), .source_port = 5353});
    ASSERT_TRUE(flow.ok()) << flow.status().message();
    EXPECT_EQ(ask(*flow), "pod-0");
    bool v4 = family == base::Family::kIpv4;
    lab().put(make_slice("dns", v4 ? "v4" : "v6", kUdpPort, {endpoint("remote-0", family)}));
    ASSERT_TRUE(not_in_kernel("-r " + at(endpoint("pod-0", family).address, kServerPort)));
    EXPECT_TRUE(eventually([&] { return ask(*flow) == "remote-0"; }));
  }
  EXPECT_EQ(server("remote-0").requests(), 2u);
}

// Before its Service is there, a UDP packet goes where any other would go, and the kernel remembers
// that for the client's port.
TEST_F(AgentChanges, TakeUpUdpFlowsThatBeganBeforeAnyEndpoint) {
  lab().configure({"clusterCIDR: 10.244.0.0/16,fd00:10:244::/48"});
  ASSERT_TRUE(lab().start());
  const std::vector<std::vector<std::string>> addresses = {
      {"10.96.0.53", "198.51.100.53", "203.0.113.53"},
      {"fd00:96::53", "2001:db8:8::53", "2001:db8:9::53"}};
  base::Port source_port = 5301;
  std::vector<std::pair<std::string, Connection>> flows;
  auto begin = [&](const base::IpAddress& address, base::Port port) {
    const Target to{Protocol::kUdp, address, port};
    auto flow =
        Connection::open(network().client(0), to,
                         {.timeout = std::chrono::milliseconds(500), .source_port = source_port++});
    ASSERT_TRUE(flow.ok()) << to_string(to) << ": " << flow.status().message();
    EXPECT_FALSE(flow->ask().ok());
    flows.emplace_back(to_string(to), std::move(*flow));
  };
  for (base::Family family : kFamilies) {
    for (const std::string& address : addresses[family == base::Family::kIpv6]) {
      lab().tool({"ip", "route", "add", address, "dev", "eth1"});
      begin(ip(address), 53);
    }
    begin(lab::Topology::node_address(family), 30053);
  }
  // The same port, of another node.
  const base::IpAddress elsewhere = lab::Topology::remote_host_address(0, base::Family::kIpv4);
  auto other = Connection::open(network().client(0), {Protocol::kUdp, elsewhere, 30053},
                                {.source_port = 5353});
  ASSERT_TRUE(other.ok()) << other.status().message();
  EXPECT_FALSE(other->ask().ok());
  const std::vector<std::string> list = {"conntrack", "-L", "-p", "udp"};
  const std::string of_elsewhere = "dst=" + elsewhere.to_string() + " sport=5353 dport=30053";
  ASSERT_THAT(lab().tool(list), AllOf(HasSubstr("dst=10.96.0.53 "), HasSubstr("dst=198.51.100.53 "),
                                      HasSubstr("dst=203.0.113.53 "), HasSubstr("dst=192.0.2.1 "),
                                      HasSubstr(of_elsewhere)));

  nlohmann::json service =
      make_service("dns", {ip(addresses[0][0]), ip(addresses[1][0])}, kUdpPort);
  service["spec"]["type"] = "LoadBalancer";
  service["spec"]["externalIPs"] = {addresses[0][1], addresses[1][1]};
  service["spec"]["ports"][0]["nodePort"] = 30053;
  service["status"]["loadBalancer"]["ingress"] = {{{"ip", addresses[0][2]}},
                                                  {{"ip", addresses[1][2]}}};
  lab().put(service);
  ASSERT_TRUE(in_kernel("-A -u [2001:db8:9::53]:53 "));
  for (base::Family family : kFamilies) {
    lab().put(make_slice("dns", family == base::Family::kIpv4 ? "v4" : "v6", kUdpPort,
                         {endpoint("remote-0", family)}));
  }
  for (auto& named : flows) {
    SCOPED_TRACE(named.first);
    auto& flow = named.second;
    base::Result<lab::Reply> reply = flow.ask();
    // Whether it is masqueraded is decided for the first packet of what the kernel takes for new.
    EXPECT_TRUE(eventually([&] {
      reply = flow.ask();
      return reply.ok() && reply->peer != lab::Topology::client_address(0, reply->peer.family());
    })) << (reply.ok() ? "is not masqueraded" : reply.status().message());
    EXPECT_EQ(reply.ok() ? reply->server : "", "remote-0");
  }
  EXPECT_THAT(lab().tool(list), HasSubstr(of_elsewhere));
}

TEST_F(AgentChanges, RollThroughServersWithoutAFailedRequest) {
  serve("web", {ip("10.96.0.10")}, kTcpPort, {"pod-0", "pod-1"});
  lab().configure({"clusterCIDR: 10.244.0.0/16"});
  ASSERT_TRUE(lab().start());
  SteadyLoad load(web());
  load.add_client(network().client(0));
  load.add_client(network().client(1));
  ASSERT_TRUE(eventually([&] { return load.answered() > 20; }));

  use_servers({"pod-1", "remote-0"});
  ASSERT_TRUE(drained("pod-0"));
  server("pod-0").stop_listening();
  use_servers({"remote-0", "remote-1"});
  ASSERT_TRUE(drained("pod-1"));
  server("pod-1").stop_listening();
  // Many changes of which some are folded into one round.
  for (int i = 0; i < 20; ++i) {
    use_servers(i % 2 == 0 ? std::vector<std::string>{"remote-0"}
                           : std::vector<std::string>{"remote-0", "remote-1"});
  }
  int so_far = load.answered();
  EXPECT_TRUE(eventually([&] { return load.answered() > so_far + 50; }));
  load.stop();
  EXPECT_THAT(load.failures(), IsEmpty());
  EXPECT_GT(server("remote-1").requests(), 0u);
}

TEST_F(AgentChanges, LeaveEverythingAsItIsOverARestart) {
  for (const char* name : {"web", "shop"}) {
    int last = std::string(name) == "web" ? 10 : 11;
    serve(name, {ip("10.96.0." + std::to_string(last)), ip("fd00:96::" + std::to_string(last))},
          {{Protocol::kTcp, 80, kServerPort, "tcp"}, {Protocol::kUdp, 80, kServerPort, "udp"}},
          {"pod-0", "remote-0"});
  }
  serve("idle", {ip("10.96.0.12")}, kTcpPort, {});
  lab().configure({"clusterCIDR: 10.244.0.0/16,fd00:10:244::/48"});
  ASSERT_TRUE(lab().start());
  auto connection = Connection::open(network().client(0), web());
  ASSERT_TRUE(connection.ok()) << connection.status().message();
  std::string served_by = ask(*connection);
  SteadyLoad load(web());
  load.add_client(network().client(1));
  std::string before = lab().everything();
  for (int signal_number : {SIGTERM, SIGKILL}) {
    SCOPED_TRACE(signal_number);
    EXPECT_EQ(lab().stop(signal_number), signal_number == SIGTERM ? 0 : 128 + SIGKILL);
    EXPECT_EQ(lab().everything(), before);
    ASSERT_TRUE(lab().start());
    EXPECT_EQ(lab().everything(), before);
    EXPECT_NE(lab().metrics(), "");
    EXPECT_EQ(lab().metric("ipvs_agent_operations_total").value_or(0), 0) << lab().metrics();
  }
  EXPECT_EQ(ask(*connection), served_by);
  load.stop();
  EXPECT_THAT(load.failures(), IsEmpty());
}

TEST_F(AgentChanges, SurviveBeingKilledAtAnyMoment) {
  serve("web", {ip("10.96.0.10")}, kTcpPort, {"pod-0"});
  lab().configure({"clusterCIDR: 10.244.0.0/16"});
  ASSERT_TRUE(lab().start());
  auto connection = Connection::open(network().client(0), web());
  ASSERT_TRUE(connection.ok()) << connection.status().message();
  SteadyLoad load(web());
  load.add_client(network().client(1));
  std::mt19937 random(20);  // the same moments each time, as far as a machine allows
  for (int round = 0; round < 6; ++round) {
    // Services come and go while it dies: in its first round, or in a later one.
    bool young = round % 2 == 1;
    if (young) lab().launch();
    for (int i = 0; i < 8; ++i) {
      std::string name = "busy-" + std::to_string(i);
      serve(name, {ip("10.96.1." + std::to_string(i + 1))}, kTcpPort,
            {(round + i) % 2 == 0 ? "pod-0" : "remote-1"});
      if ((round + i) % 3 == 0) lab().erase("Service", name);
      use_servers(i % 2 == 0 ? std::vector<std::string>{"pod-0", "remote-0"}
                             : std::vector<std::string>{"remote-1", "pod-0"});
    }
    std::this_thread::sleep_for(
        std::chrono::milliseconds(young ? 1500 + random() % 2000 : random() % 400));
    EXPECT_EQ(lab().stop(SIGKILL), 128 + SIGKILL);
    if (!young) continue;
    ASSERT_TRUE(lab().start());
    EXPECT_EQ(ask(*connection), "pod-0");
  }
  load.stop();
  EXPECT_THAT(load.failures(), IsEmpty());
  EXPECT_GT(load.answered(), 20);
  // What a crash left half done is as if there had been none: a fresh start finds nothing to do.
  for (int i = 0; i < 8; ++i) {
    if ((5 + i) % 3 != 0)
      EXPECT_TRUE(in_kernel("-A -t 10.96.1." + std::to_string(i + 1) + ":80"));
    else
      EXPECT_TRUE(not_in_kernel("10.96.1." + std::to_string(i + 1) + ":80"));
  }
  EXPECT_EQ(lab().stop(), 0);
  std::string before = without_drains(lab().everything());
  ASSERT_TRUE(lab().start());
  // Drains whose last connection ends just now are all that may go.
  const std::string page = lab().metrics();
  EXPECT_EQ(lab::metric_in(page, "ipvs_agent_operations_total").value_or(0),
            lab::metric_in(page, "ipvs_agent_drains_ended_total").value_or(0))
      << page;
  EXPECT_EQ(without_drains(lab().everything()), before);
}

}  // namespace
}  // namespace kernel_test
