#ifndef IPVS_AGENT_TESTS_CLUSTER_AGENT_CLUSTER_H_
#define IPVS_AGENT_TESTS_CLUSTER_AGENT_CLUSTER_H_

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "tests/cluster/api.h"
#include "tests/cluster/api_tunnel.h"
#include "tests/cluster/control_plane.h"
#include "tests/cluster/environment.h"
#include "tests/cluster/manifests.h"
#include "tests/lab/agent_process.h"
#include "tests/lab/echo_server.h"
#include "tests/lab/topology.h"

namespace cluster {

// The Nodes of the API: the agent's, with the Pods pod-0 and pod-1, and another with remote-0.
inline constexpr char kAgentNode[] = "agent-node";
inline constexpr char kOtherNode[] = "other-node";
// Where the servers of every Pod listen, with TCP, UDP and SCTP.
inline constexpr base::Port kServerPort = 8080;

// A node in the lab with the real agent, following the real control plane through a tunnel, and
// servers that stand for Pods. The agent does not run yet.
//
// Ownership: everything in the lab ends with it; the objects in the API stay.
// Errors: the constructor throws std::runtime_error where the lab or the API does not do its part.
// Threading: one owner.
class AgentCluster {
 public:
  AgentCluster();
  ~AgentCluster();

  const lab::Topology& network() const { return network_; }
  Api& api() { return *api_; }
  ControlPlane& plane() { return plane_; }
  ApiTunnel& tunnel() { return *tunnel_; }
  lab::AgentProcess& agent() { return *agent_; }
  const Environment& environment() const { return environment_; }

  // Kubeconfigs of the agent, whose files write_credentials() brings up to date.
  std::string kubeconfig_with_certificate() const { return folder_ / "certificate.yaml"; }
  std::string kubeconfig_with_token() const { return folder_ / "token.yaml"; }
  base::Status write_credentials() { return plane_.write_agent_files(folder_); }
  // One with another token.
  std::string write_kubeconfig(const std::string& name, const std::string& user) const;

  // The Pod, not yet in the API, that has the addresses of a server: "pod-0", "pod-1", "remote-0".
  static PodManifest pod(const std::string& server, const Labels& labels);
  static base::IpAddress address(const std::string& server, base::Family family);

 private:
  void add_server(const std::string& name, const lab::Namespace& where);
  void add_node(const std::string& name);

  Environment environment_;
  ControlPlane plane_;
  std::unique_ptr<Api> api_;
  lab::Topology network_;
  std::filesystem::path folder_;
  std::unique_ptr<ApiTunnel> tunnel_;
  std::vector<std::unique_ptr<lab::EchoServer>> servers_;
  std::unique_ptr<lab::AgentProcess> agent_;
};

}  // namespace cluster

#endif  // IPVS_AGENT_TESTS_CLUSTER_AGENT_CLUSTER_H_
