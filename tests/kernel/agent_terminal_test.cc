// Commands that go on for a while, and those on a narrow terminal, against an agent that works.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <string>

#include "tests/kernel/agent_fixture.h"

namespace kernel_test {
namespace {

using base::Protocol;
using lab::Connection;
using ::testing::AllOf;
using ::testing::HasSubstr;

class AgentTerminal : public AgentTest {
 protected:
  static std::vector<ServicePort> ports() { return {{Protocol::kTcp, 80, kServerPort}}; }
  static lab::Target web() { return {Protocol::kTcp, ip("10.96.0.10"), 80}; }
  void start_with_web() {
    serve("web", {ip("10.96.0.10")}, ports(), {"pod-0"});
    lab().configure({"clusterCIDR: 10.244.0.0/16"});
    ASSERT_TRUE(lab().start());
  }
  lab::Process command_that_goes_on(std::vector<std::string> words) {
    words.insert(words.begin(), AGENT_BINARY);
    words.insert(words.end(), {"--socket", lab().socket()});
    auto process = lab().node().start(words);
    if (!process.ok()) throw std::runtime_error(process.status().message());
    return *std::move(process);
  }
  static bool says(const lab::Process& process, const std::string& text) {
    return eventually([&] { return process.out().find(text) != std::string::npos; });
  }
  // What it writes to a terminal of so many columns, without what moves and colours.
  std::string on_terminal(int columns, const std::string& words) {
    const std::string command = "stty cols " + std::to_string(columns) + " && exec " AGENT_BINARY +
                                " " + words + " --socket " + lab().socket();
    auto output =
        lab().node().execute({"script", "--quiet", "--return", "--command", command, "/dev/null"});
    EXPECT_TRUE(output.ok()) << output.status().message();
    if (!output.ok()) return "";
    EXPECT_EQ(output->status, 0) << output->out << output->err;
    static const std::regex kControls("\x1b\\[[0-9;]*[a-zA-Z]|\r");
    return std::regex_replace(output->out, kControls, "");
  }
};

TEST_F(AgentTerminal, WatchShowsChangesUntilTheAgentDies) {
  start_with_web();
  lab::Process watch = command_that_goes_on({"status", "--watch"});
  EXPECT_TRUE(says(watch, "10.96.0.10:80/TCP")) << watch.err();
  serve("shop", {ip("10.96.0.11")}, ports(), {"pod-1"});
  EXPECT_TRUE(says(watch, "10.96.0.11:80/TCP")) << watch.out() << watch.err();
  EXPECT_TRUE(watch.running());
  EXPECT_EQ(lab().stop(SIGKILL), 128 + SIGKILL);
  auto status = watch.wait(kPatience);
  ASSERT_TRUE(status.ok()) << "it goes on without an agent";
  EXPECT_EQ(*status, 1);
  EXPECT_THAT(watch.err(), AllOf(HasSubstr("no agent answers at " + lab().socket()),
                                 HasSubstr("start ipvs-agent")));
}

// A flow of UDP, because the kernel remembers for two minutes that a TCP connection has ended.
TEST_F(AgentTerminal, DrainWaitTellsHowManyAreLeftAndEndsWithTheLast) {
  const std::vector<ServicePort> dns = {{Protocol::kUdp, 53, kServerPort}};
  serve("dns", {ip("10.96.0.2")}, dns, {"pod-0"});
  lab().configure({"clusterCIDR: 10.244.0.0/16", "ipvs: {udpTimeout: 10s}"});
  ASSERT_TRUE(lab().start());
  auto flow = Connection::open(network().client(0), {Protocol::kUdp, ip("10.96.0.2"), 53});
  ASSERT_TRUE(flow.ok() && flow->ask().ok());
  const std::string target = endpoint("pod-0").address.to_string();
  lab::Process wait = command_that_goes_on({"drain", target, "--wait"});
  EXPECT_TRUE(says(wait, target + ": 1 connections left\n")) << wait.out() << wait.err();
  auto status = wait.wait(2 * kPatience);
  ASSERT_TRUE(status.ok()) << wait.out() << wait.err() << lab().ipvs();
  EXPECT_EQ(*status, 0) << wait.err();
  EXPECT_THAT(wait.out(), HasSubstr(target + ": 0 connections left\n"));
}

TEST_F(AgentTerminal, DrainWaitSaysWhenTheAgentDies) {
  start_with_web();
  auto open = Connection::open(network().client(0), web());
  ASSERT_TRUE(open.ok() && open->ask().ok());
  const std::string target = endpoint("pod-0").address.to_string();
  lab::Process wait = command_that_goes_on({"drain", target, "--wait"});
  EXPECT_TRUE(says(wait, "connections left\n")) << wait.err();
  EXPECT_EQ(lab().stop(SIGKILL), 128 + SIGKILL);
  auto status = wait.wait(kPatience);
  ASSERT_TRUE(status.ok()) << "it goes on without an agent";
  EXPECT_EQ(*status, 1);
  EXPECT_THAT(wait.err(), HasSubstr("no agent answers at " + lab().socket()));
  // The order is the next agent's.
  ASSERT_TRUE(lab().start());
  EXPECT_THAT(lab().command({"drain"}).out, HasSubstr(target));
  EXPECT_TRUE(open->ask().ok());
}

TEST_F(AgentTerminal, TablesFitIntoFortyColumns) {
  serve("a-service-with-a-long-name-that-goes-on", {ip("10.96.0.10"), ip("fd00:10:96::10")},
        ports(), {"pod-0", "remote-0"});
  lab().configure({"clusterCIDR: 10.244.0.0/16"});
  ASSERT_TRUE(lab().start());
  for (const char* words : {"status", "status -o wide", "drain node/other", "drain", "config",
                            "explain 10.96.0.10:80", "audit"}) {
    const std::string text = on_terminal(40, words);
    ASSERT_FALSE(text.empty()) << words;
    // Sentences go on in the terminal's next line; lines of tables must not.
    bool table = false;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      static const std::regex kTitles("[ A-Z,]+");
      if (line.empty()) table = false;
      if (!line.empty() && std::regex_match(line, kTitles)) table = true;
      if (!table) continue;
      // Characters, not bytes: what is cut ends with an ellipsis.
      const auto width = std::count_if(line.begin(), line.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U;
      });
      EXPECT_LE(width, 40) << words << ":\n" << text;
    }
  }
  EXPECT_THAT(on_terminal(200, "status"), HasSubstr("a-service-with-a-long-name-that-goes-on"));
}

}  // namespace
}  // namespace kernel_test
