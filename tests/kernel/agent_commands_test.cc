// The command line of a running agent: the real program asks the real program about a real kernel.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tests/kernel/agent_fixture.h"

namespace kernel_test {
namespace {

using base::Protocol;
using lab::Connection;
using lab::Output;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class AgentCommands : public AgentTest {
 protected:
  static std::vector<ServicePort> ports() { return {{Protocol::kTcp, 80, kServerPort}}; }
  static lab::Target web() { return {Protocol::kTcp, ip("10.96.0.10"), 80}; }
  void start_with_web() {
    serve("web", {ip("10.96.0.10")}, ports(), {"pod-0", "pod-1"});
    // The limit of tracked connections is the machine's, not this namespace's: no problem of ours.
    lab().configure({"clusterCIDR: 10.244.0.0/16", "conntrack: {maxPerCore: 0}"});
    ASSERT_TRUE(lab().start());
  }
  json ask(const std::vector<std::string>& words) {
    Output output = lab().command(words);
    EXPECT_EQ(output.status, 0) << output.err;
    json answer = json::parse(output.out, nullptr, false);
    EXPECT_FALSE(answer.is_discarded()) << output.out;
    return answer;
  }
  // The real server of web that is pod-0.
  json pod_0() {
    const json status = ask({"status", "default/web", "-o", "json"});
    for (const json& real : status["services"][0]["virtualServers"][0]["realServers"]) {
      if (real["address"] == endpoint("pod-0").address.to_string()) return real;
    }
    return json::object();
  }
};

TEST_F(AgentCommands, StatusCountsTheConnectionsOfTheKernel) {
  start_with_web();
  struct stat found {};
  ASSERT_EQ(stat(lab().socket().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777U, 0600U);

  auto first = Connection::open(network().client(0), web());
  auto second = Connection::open(network().client(1), web());
  ASSERT_TRUE(first.ok() && second.ok());
  ASSERT_TRUE(first->ask().ok() && second->ask().ok());
  json status = ask({"status", "-o", "json"});
  EXPECT_EQ(status["agent"]["state"], "in step") << status.dump(2);
  EXPECT_EQ(status["agent"]["node"], kNodeName);
  const json& server = status["services"][0]["virtualServers"][0];
  EXPECT_EQ(server["address"], "10.96.0.10");
  unsigned active = 0;
  for (const json& real : server["realServers"]) {
    active += real["activeConnections"].get<unsigned>();
  }
  EXPECT_EQ(active, 2u) << status.dump(2);
  EXPECT_THAT(lab().command({"status"}).out,
              AllOf(HasSubstr("in step"), HasSubstr("10.96.0.10:80/TCP"), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(lab().command({"status", "-o", "wide"}).out, HasSubstr("10.244.1.11:8080"));
  EXPECT_THAT(lab().command({"status", "-n", "none"}).out, HasSubstr("no such Services"));
}

TEST_F(AgentCommands, ExplainSaysWhyAnEndpointIsNotUsed) {
  Endpoint unready = endpoint("pod-1");
  unready.ready = false;
  lab().put(make_service("web", {ip("10.96.0.10")}, ports()));
  lab().put(make_slice("web", "v4", ports(), {endpoint("pod-0"), unready}));
  lab().configure({"clusterCIDR: 10.244.0.0/16"});
  ASSERT_TRUE(lab().start());
  for (const char* target : {"default/web", "web", "10.96.0.10:80", "10.96.0.10:80/tcp"}) {
    Output output = lab().command({"explain", target});
    EXPECT_EQ(output.status, 0) << output.err;
    EXPECT_THAT(output.out, AllOf(HasSubstr("TCP 10.96.0.10:80 (ClusterIP)"), HasSubstr("ready"),
                                  HasSubstr("not ready"), HasSubstr("in the kernel since")));
  }
  EXPECT_EQ(lab().command({"explain", "10.96.0.10:81"}).status, 1);
}

TEST_F(AgentCommands, PlanAndAuditTellWhatSomebodyChanged) {
  serve("web", {ip("10.96.0.10")}, ports(), {"pod-0", "pod-1"});
  // Nothing is repaired while we look.
  lab().configure({"clusterCIDR: 10.244.0.0/16", "ipvsAgent: {auditPeriod: 24h}"});
  ASSERT_TRUE(lab().start());
  EXPECT_EQ(lab().command({"plan"}).out, "# nothing: the kernel is as it should be\n");
  EXPECT_EQ(lab().command({"audit"}).status, 0) << lab().command({"audit"}).out;

  lab().tool({"ipvsadm", "-d", "-t", "10.96.0.10:80", "-r", "10.244.1.11:8080"});
  lab().tool({"ipset", "del", "KUBE-CLUSTER-IP", "10.96.0.10,tcp:80"});
  lab().tool({"ipvsadm", "-A", "-t", "192.0.2.77:80", "-s", "wlc"});
  lab().tool({"iptables", "-t", "nat", "-F", "KUBE-SERVICES"});
  Output audit = lab().command({"audit"});
  EXPECT_EQ(audit.status, 3);
  EXPECT_THAT(audit.out, AllOf(HasSubstr("TCP 10.96.0.10:80"), HasSubstr("ipset KUBE-CLUSTER-IP"),
                               HasSubstr("IPv4 iptables rules"), HasSubstr("TCP 192.0.2.77:80")));
  Output plan = lab().command({"plan"});
  EXPECT_THAT(plan.out, HasSubstr("ipvsadm -a -t 10.96.0.10:80 -r 10.244.1.11:8080 -m -w 1\n"));

  // The lines can be pasted into a shell, and then there is nothing left.
  lab().tool({"sh", "-ec", plan.out});
  EXPECT_EQ(lab().command({"plan"}).out, "# nothing: the kernel is as it should be\n");
  EXPECT_EQ(lab().command({"audit"}).status, 0);
  auto connection = Connection::open(network().client(0), web());
  ASSERT_TRUE(connection.ok());
  EXPECT_TRUE(connection->ask().ok());
}

TEST_F(AgentCommands, DrainKeepsOpenConnectionsAndLeadsNewOnesElsewhere) {
  start_with_web();
  // One to each of the two pods.
  std::optional<Connection> open;
  for (int i = 0; i < 8 && !open; ++i) {
    auto connection = Connection::open(network().client(0), web());
    ASSERT_TRUE(connection.ok());
    auto reply = connection->ask();
    ASSERT_TRUE(reply.ok());
    if (reply->server == "pod-0") open = std::move(*connection);
  }
  ASSERT_TRUE(open);
  const std::string target = endpoint("pod-0").address.to_string();
  Output drain = lab().command({"drain", target});
  EXPECT_EQ(drain.status, 0) << drain.err;
  EXPECT_THAT(drain.out, AllOf(HasSubstr("default/web"), HasSubstr("TCP 10.96.0.10:80")));
  EXPECT_THAT(lab().ipvs(), HasSubstr("-r " + target + ":8080 -m -w 0"));
  EXPECT_TRUE(eventually([&] { return pod_0().value("activeConnections", 0) == 1; }));
  EXPECT_EQ(pod_0()["state"], "weight 0");
  auto answers = lab::spread(network().client(1), web(), 6);
  ASSERT_TRUE(answers.ok());
  EXPECT_EQ(answers->count("pod-0"), 0u);
  EXPECT_TRUE(open->ask().ok());
  EXPECT_EQ(lab().command({"plan"}).out, "# nothing: the kernel is as it should be\n");

  // It survives the agent.
  EXPECT_EQ(lab().stop(), 0);
  ASSERT_TRUE(lab().start());
  EXPECT_THAT(lab().ipvs(), HasSubstr("-r " + target + ":8080 -m -w 0"));
  auto reply = open->ask();
  EXPECT_TRUE(reply.ok() && reply->server == "pod-0");
  EXPECT_THAT(lab().command({"drain"}).out, HasSubstr(target));

  EXPECT_EQ(lab().command({"drain", target, "--undo"}).status, 0);
  EXPECT_THAT(lab().ipvs(), HasSubstr("-r " + target + ":8080 -m -w 1"));
  EXPECT_THAT(lab().command({"drain"}).out, HasSubstr("nothing is being drained"));
  EXPECT_EQ(lab().command({"drain", target, "--undo"}).status, 1);
}

TEST_F(AgentCommands, ConfigTellsOrigins) {
  start_with_web();
  std::map<std::string, std::string> origins;
  const json answer = ask({"config", "-o", "json"});
  for (const json& value : answer["values"]) {
    origins[value["key"]] = value["origin"];
  }
  EXPECT_EQ(origins["clusterCIDR"], "file");
  EXPECT_EQ(origins["ipvsAgent.socket"], "flag");
  EXPECT_EQ(origins["ipvs.scheduler"], "default");
}

TEST_F(AgentCommands, ADeadAgentIsSaidAndItsSocketReplaced) {
  start_with_web();
  EXPECT_EQ(lab().stop(SIGKILL), 128 + SIGKILL);
  for (const char* command : {"status", "plan", "audit"}) {
    Output output = lab().command({command});
    EXPECT_EQ(output.status, 1);
    EXPECT_THAT(output.err, AllOf(HasSubstr("no agent answers at " + lab().socket()),
                                  HasSubstr("start ipvs-agent")));
  }
  ASSERT_TRUE(lab().start());
  EXPECT_EQ(ask({"status", "-o", "json"})["agent"]["state"], "in step");
}

TEST_F(AgentCommands, ThePageForBrowsersShowsWhatTheKernelServes) {
  serve("web", {ip("10.96.0.10")}, ports(), {"pod-0", "pod-1"});
  lab().configure({"clusterCIDR: 10.244.0.0/16", "conntrack: {maxPerCore: 0}",
                   "ipvsAgent: {statusPage: 127.0.0.1:10266}"});
  ASSERT_TRUE(lab().start());
  auto connection = Connection::open(network().client(0), web());
  ASSERT_TRUE(connection.ok() && connection->ask().ok());
  auto page = [&](const std::string& path) {
    return lab().tool(
        {"curl", "--silent", "--show-error", "--fail", "http://localhost:10266" + path});
  };
  EXPECT_THAT(page("/"), AllOf(HasSubstr("default/web"), HasSubstr("10.96.0.10:80")));
  const std::string service = page("/service?name=default/web");
  for (const char* pod : {"pod-0", "pod-1"}) {
    EXPECT_THAT(service, HasSubstr(endpoint(pod).address.to_string()));
  }
  EXPECT_THAT(page("/changes"), HasSubstr("in step with the API"));
  // Nobody else can ask.
  const auto refused =
      lab::request(network().client(0),
                   {Protocol::kTcp, lab::Topology::node_address(base::Family::kIpv4), 10266});
  EXPECT_EQ(refused.status().error_number(), ECONNREFUSED);
}

}  // namespace
}  // namespace kernel_test
