// The commands that the pages tell people to run on a node, each run on one where the agent works.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/kernel/agent_fixture.h"

namespace kernel_test {
namespace {

namespace fs = std::filesystem;

// The lines of a page's shell blocks. What talks to a cluster is run by the deploy tier, and the
// project's own script is what runs this.
std::vector<std::string> node_commands(const fs::path& page) {
  std::vector<std::string> commands;
  std::ifstream stream(page);
  bool shell = false;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("```")) {
      shell = line == "```sh";
    } else if (shell && !line.starts_with("kubectl ") && !line.starts_with("helm ") &&
               !line.starts_with("./dev ")) {
      commands.push_back(line);
    }
  }
  return commands;
}

class AgentPages : public AgentTest {
 protected:
  // A folder with a program of the name that the pages call: where an agent must be asked, it asks
  // the one of this test.
  AgentPages() : programs_(lab().api().folder() + "/programs") {
    fs::create_directory(programs_);
    std::ofstream(programs_ / "ipvs-agent")
        << "#!/bin/sh\ncase $1 in\nstatus | explain | plan | audit) set -- \"$@\" --socket "
        << lab().socket() << " ;;\nesac\nexec " << AGENT_BINARY << " \"$@\"\n";
    fs::permissions(programs_ / "ipvs-agent", fs::perms::owner_all);
  }
  // What went wrong; "" if nothing did.
  std::string failure_of(const std::string& command) {
    auto output = lab().node().execute(
        {"env", "PATH=" + programs_.string() + ":/usr/sbin:/usr/bin:/sbin:/bin", "bash", "-o",
         "pipefail", "-c", command});
    if (!output.ok()) return output.status().message();
    return output->status == 0 ? "" : std::to_string(output->status) + ": " + output->err;
  }

 private:
  fs::path programs_;
};

TEST_F(AgentPages, CommandsForTheNodeWork) {
  const std::vector<ServicePort> ports = {{base::Protocol::kTcp, 80, kServerPort}};
  nlohmann::json service = make_service("web", {ip("10.96.0.10")}, ports);
  service["spec"]["type"] = "NodePort";
  service["spec"]["ports"][0]["nodePort"] = 30080;
  lab().put(service);
  lab().put(make_slice("web", "v4", ports, {endpoint("pod-0"), endpoint("remote-0")}));
  ASSERT_TRUE(lab().start());
  ASSERT_TRUE(lab::request(network().client(0), {base::Protocol::kTcp, ip("10.96.0.10"), 80}).ok());
  for (const char* page : {"docs/operate.md", "docs/troubleshoot.md", "docs/tune.md"}) {
    std::vector<std::string> commands = node_commands(fs::path(IPVS_AGENT_SOURCE_DIR) / page);
    EXPECT_GE(commands.size(), 4u) << page;
    for (const std::string& command : commands) {
      EXPECT_EQ(failure_of(command), "") << page << ": " << command;
    }
  }
}

}  // namespace
}  // namespace kernel_test
