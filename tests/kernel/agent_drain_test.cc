// A removed real server keeps its connections until its deadline, which a killed agent does not
// move.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tests/kernel/agent_fixture.h"

namespace kernel_test {
namespace {

using base::Protocol;
using lab::Connection;
using lab::Target;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kLimit(30);

class AgentDrain : public AgentTest, public ::testing::WithParamInterface<Protocol> {
 protected:
  std::vector<ServicePort> ports() const { return {{GetParam(), 80, kServerPort}}; }
  Target web() const { return {GetParam(), ip("10.96.0.10"), 80}; }
  std::string pod(int weight) const {
    return "-r " + at(endpoint("pod-0").address, kServerPort) + " -m -w " + std::to_string(weight);
  }
  // A connection to pod-0, which then leaves.
  std::optional<Connection> drain_pod(std::chrono::seconds limit) {
    serve("web", {ip("10.96.0.10")}, ports(), {"pod-0"});
    lab().configure({"clusterCIDR: 10.244.0.0/16", "ipvs: {tcpFinTimeout: 1s}",
                     "ipvsAgent: {drainTimeout: " + std::to_string(limit.count()) + "s}"});
    EXPECT_TRUE(lab().start());
    auto connection = Connection::open(network().client(0), web());
    EXPECT_TRUE(connection.ok()) << connection.status().message();
    if (!connection.ok()) return std::nullopt;
    EXPECT_EQ(ask(*connection), "pod-0");
    lab().put(make_slice("web", "v4", ports(), {endpoint("pod-1")}));
    EXPECT_TRUE(in_kernel(pod(0)));
    return std::move(*connection);
  }
  static std::string ask(Connection& connection) {
    auto reply = connection.ask();
    return reply ? reply->server : reply.status().message();
  }
  // When the one drain in the journal began; nullopt while there is not just one.
  std::optional<std::chrono::steady_clock::time_point> noted_beginning() {
    std::ifstream file(lab().state_directory() + "/drains");
    std::string first;
    std::string drain;
    std::string last;
    std::getline(file, first);
    std::getline(file, drain);
    std::getline(file, last);
    if (last != "end") return std::nullopt;
    return std::chrono::steady_clock::time_point(
        std::chrono::nanoseconds(std::strtoll(drain.c_str(), nullptr, 10)));
  }
};

TEST_P(AgentDrain, EndsAtItsDeadlineWhateverHappensToTheAgent) {
  auto connection = drain_pod(kLimit);
  ASSERT_TRUE(connection);
  ASSERT_TRUE(eventually([&] { return noted_beginning().has_value(); }));
  auto began = *noted_beginning();
  EXPECT_EQ(lab().stop(SIGKILL), 128 + SIGKILL);
  ASSERT_TRUE(
      eventually([&] { return std::chrono::steady_clock::now() > began + kLimit; }, 2 * kLimit));
  // Nobody was there to end it.
  EXPECT_THAT(lab().ipvs(), HasSubstr(pod(0)));
  EXPECT_EQ(ask(*connection), "pod-0");

  ASSERT_TRUE(lab().start());
  EXPECT_TRUE(not_in_kernel("-r " + at(endpoint("pod-0").address, kServerPort)));
  EXPECT_TRUE(eventually([&] { return lab().log().find("reason=deadline") != std::string::npos; }));
  // It took up the old drain: a new one would be 0 seconds old.
  EXPECT_THAT(lab().log(), AllOf(HasSubstr("draining"), HasSubstr("since_s=3")));
  EXPECT_EQ(lab().metric("ipvs_agent_drains_ended_total", "deadline"), 1.0);
  EXPECT_NE(ask(*connection), "pod-0");
}

TEST_P(AgentDrain, EndsWithItsLastConnection) {
  auto connection = drain_pod(std::chrono::hours(1));
  ASSERT_TRUE(connection);
  EXPECT_EQ(ask(*connection), "pod-0");
  auto answers = lab::spread(network().client(1), web(), 4);
  ASSERT_TRUE(answers.ok()) << answers.status().message();
  EXPECT_EQ(answers->count("pod-1"), 1u);
  EXPECT_EQ(answers->size(), 1u);
  EXPECT_TRUE(eventually([&] { return lab().metric("ipvs_agent_drain_connections") == 1.0; }))
      << lab().metrics();
  // A client that closed as well would keep the kernel in TIME_WAIT for two minutes.
  server("pod-0").stop();
  // An association that was shut down stays in IPVS for a minute.
  EXPECT_TRUE(eventually(
      [&] { return lab().metric("ipvs_agent_drains_ended_total", "idle") == 1.0; }, 4 * kPatience));
  EXPECT_TRUE(not_in_kernel("-r " + at(endpoint("pod-0").address, kServerPort)));
  EXPECT_TRUE(eventually([&] { return lab().metric("ipvs_agent_drains_active") == 0.0; }));
}

TEST_F(AgentTest, AStateDirectoryThatCannotBeMadeIsAWarning) {
  const std::vector<ServicePort> ports = {{Protocol::kTcp, 80, kServerPort}};
  serve("web", {ip("10.96.0.10")}, ports, {"pod-0", "pod-1"});
  std::ofstream(lab().state_directory()) << "a file where the folder should be\n";
  lab().configure({"clusterCIDR: 10.244.0.0/16"});
  ASSERT_TRUE(lab().start());
  EXPECT_THAT(lab().log(), AllOf(HasSubstr("degraded"), HasSubstr("drain journal")));
  auto connection = Connection::open(network().client(0), {Protocol::kTcp, ip("10.96.0.10"), 80});
  ASSERT_TRUE(connection.ok()) << connection.status().message();
  lab().put(make_slice("web", "v4", ports, {endpoint("remote-0")}));
  EXPECT_TRUE(in_kernel("-r 10.244.1.11:8080 -m -w 0"));
  EXPECT_TRUE(connection->ask().ok());
  EXPECT_TRUE(eventually(
      [&] { return lab().log().find("ipvsAgent.stateDirectory") != std::string::npos; }));
  EXPECT_GE(lab().metric("ipvs_agent_problems").value_or(0), 1.0);
  EXPECT_TRUE(lab().running());
}

INSTANTIATE_TEST_SUITE_P(Protocols, AgentDrain, ::testing::Values(Protocol::kTcp, Protocol::kSctp),
                         [](const auto& suite) {
                           return std::string(suite.param == Protocol::kTcp ? "Tcp" : "Sctp");
                         });

}  // namespace
}  // namespace kernel_test
