// The commands that the pages tell people to run on a node, each run on one where the agent works.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/kernel/agent_fixture.h"
#include "tests/scenarios/document_text.h"
#include "tests/scenarios/page_commands.h"

namespace kernel_test {
namespace {

namespace fs = std::filesystem;

// What kubeadm gives to kube-proxy.
constexpr char kKubeadm[] = IPVS_AGENT_SOURCE_DIR "/tests/kernel/kubeadm-1.36.conf";

class AgentPages : public AgentTest {
 protected:
  // A folder with programs of the names that the pages call: where an agent must be asked, it asks
  // the one of this test; one that would be started says what it would work with.
  AgentPages() : folder_(lab().api().folder() + "/programs") {
    fs::create_directories(folder_ / "build/release/agent");
    for (const char* name : {"ipvs-agent", "build/release/agent/ipvs-agent"}) {
      std::ofstream(folder_ / name)
          << "#!/bin/sh\ncase $1 in\n"
          << "status | explain | plan | audit | drain | config) set -- \"$@\" --socket "
          << lab().socket() << " ;;\n--shadow | --config | --kubeconfig) set -- config \"$@\" ;;\n"
          << "esac\nexec " << AGENT_BINARY << " \"$@\"\n";
      fs::permissions(folder_ / name, fs::perms::owner_all);
    }
  }
  // The command with the paths of this test in place of a node's.
  std::string placed(std::string command) {
    const std::pair<std::string, std::string> places[] = {
        {"/run/ipvs-agent/agent.sock", lab().socket()},
        {"/etc/ipvs-agent/config.yaml", kKubeadm},
        {"/var/lib/kube-proxy/config.conf", kKubeadm}};
    for (const auto& [from, to] : places) {
      if (std::size_t place = command.find(from); place != command.npos) {
        command.replace(place, from.size(), to);
      }
    }
    return command;
  }
  // What went wrong; "" if nothing did.
  std::string failure_of(const std::string& command) {
    auto output =
        lab().node().execute({"env", "-C", folder_.string(),
                              "PATH=" + folder_.string() + ":/usr/sbin:/usr/bin:/sbin:/bin", "bash",
                              "-o", "pipefail", "-c", placed(command)});
    if (!output.ok()) return output.status().message();
    return output->status == 0 ? "" : std::to_string(output->status) + ": " + output->err;
  }

 private:
  fs::path folder_;
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
  const fs::path root = IPVS_AGENT_SOURCE_DIR;
  const std::vector<scenarios::CommandRule> rules = scenarios::command_rules(root);
  std::size_t tried = 0;
  for (const fs::path& page : scenarios::all_pages(root)) {
    for (const scenarios::PageCommand& command : scenarios::commands_of_page(page)) {
      if (scenarios::rule_for(rules, command.text) != nullptr) continue;
      ++tried;
      EXPECT_EQ(failure_of(command.text), "") << page << ": " << command.text;
    }
  }
  EXPECT_GT(tried, 40u);
}

}  // namespace
}  // namespace kernel_test
