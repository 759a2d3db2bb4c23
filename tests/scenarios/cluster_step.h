#ifndef IPVS_AGENT_TESTS_SCENARIOS_CLUSTER_STEP_H_
#define IPVS_AGENT_TESTS_SCENARIOS_CLUSTER_STEP_H_

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/configuration.h"
#include "tests/fakes/fake_node.h"
#include "watchers/object_decoder.h"

namespace scenarios {

// What others do to the host before a step: a document of `kind: Host`, which only these tests
// know.
struct HostStep {
  // The addresses beside the service device from now on: "192.168.0.10/24 eth0". No value: as
  // before.
  std::optional<std::vector<std::string>> addresses;
  std::vector<std::string> ipvs;  // operations, one line of ipvsadm -R each
  std::vector<std::string> bind;  // addresses put on the service device
};

// One step of a case: all that the API holds, and what others did to the host before.
struct ClusterStep {
  std::vector<watchers::DecodedObject> services;
  std::vector<watchers::DecodedObject> slices;
  std::vector<watchers::DecodedObject> nodes;
  std::optional<agent::Configuration> configuration;
  HostStep host;
};

// Reads 1.yaml, 2.yaml, ... of a folder. What cannot be read fails the running test.
std::vector<ClusterStep> read_steps(const std::filesystem::path& folder);

// Does to the host what others do to it.
void play_host(fakes::FakeNode& node, const HostStep& step);

// Delivers `now`, and the deletion of what only `before` has, as a watch does.
void deliver(fakes::FakeAgent& agent, const ClusterStep* before, const ClusterStep& now);

}  // namespace scenarios

#endif  // IPVS_AGENT_TESTS_SCENARIOS_CLUSTER_STEP_H_
