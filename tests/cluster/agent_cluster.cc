#include "tests/cluster/agent_cluster.h"

#include <unistd.h>

#include <fstream>
#include <stdexcept>

namespace cluster {
namespace {

using base::Family;
using base::Protocol;

constexpr Family kFamilies[] = {Family::kIpv4, Family::kIpv6};
constexpr Protocol kProtocols[] = {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp};

void require(const base::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.message());
}

template <typename Value>
Value take(base::Result<Value> result) {
  require(result.status());
  return std::move(*result);
}

}  // namespace

AgentCluster::AgentCluster()
    : environment_(take(Environment::read())),
      plane_(environment_),
      api_(std::make_unique<Api>(environment_.api_url(), take(plane_.administrator()))),
      network_(
          take(lab::Topology::create({.name = "cluster", .clients = 1, .pods = 2, .remotes = 1}))),
      folder_(std::filesystem::temp_directory_path() /
              ("ipvs-agent-cluster." + std::to_string(getpid()))),
      tunnel_(take(ApiTunnel::open({.target_host = environment_.host,
                                    .target_port = environment_.api_port,
                                    .listen_namespace = "/run/netns/" + network_.node().name()}))) {
  require(write_credentials());
  const std::string files = folder_.string();
  write_kubeconfig("certificate.yaml", "client-certificate: " + files +
                                           "/client.crt, client-key: " + files + "/client.key");
  write_kubeconfig("token.yaml", "tokenFile: " + files + "/token");
  agent_ = std::make_unique<lab::AgentProcess>(
      network_.node(),
      lab::AgentProcess::Options{.program = AGENT_BINARY,
                                 .folder = folder_,
                                 .node_name = kAgentNode,
                                 .kubeconfig = kubeconfig_with_certificate(),
                                 .configuration = {"clusterCIDR: 10.244.0.0/16,fd00:10:244::/48"}});
  add_server("pod-0", network_.pod(0));
  add_server("pod-1", network_.pod(1));
  add_server("remote-0", network_.remote(0));
  add_node(kAgentNode);
  add_node(kOtherNode);
}

AgentCluster::~AgentCluster() {
  agent_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string AgentCluster::write_kubeconfig(const std::string& name, const std::string& user) const {
  const std::filesystem::path path = folder_ / name;
  std::ofstream file(path);
  file << "apiVersion: v1\nkind: Config\ncurrent-context: agent\n"
       << "clusters:\n- {name: test, cluster: {server: \"https://127.0.0.1:" << tunnel_->port()
       << "\", certificate-authority: " << folder_.string() << "/ca.crt}}\n"
       << "users:\n- {name: agent, user: {" << user << "}}\n"
       << "contexts:\n- {name: agent, context: {cluster: test, user: agent}}\n";
  return path;
}

base::IpAddress AgentCluster::address(const std::string& server, Family family) {
  const auto index = static_cast<std::size_t>(server.back() - '0');
  return server.starts_with("pod") ? lab::Topology::pod_address(index, family)
                                   : lab::Topology::remote_address(index, family);
}

PodManifest AgentCluster::pod(const std::string& server, const Labels& labels) {
  return {.name = server,
          .labels = labels,
          .node = server.starts_with("pod") ? kAgentNode : kOtherNode,
          .addresses = {address(server, Family::kIpv4).to_string(),
                        address(server, Family::kIpv6).to_string()}};
}

void AgentCluster::add_server(const std::string& name, const lab::Namespace& where) {
  std::vector<lab::Target> targets;
  for (Family family : kFamilies) {
    for (Protocol protocol : kProtocols) {
      targets.push_back({protocol, address(name, family), kServerPort});
    }
  }
  servers_.push_back(take(lab::EchoServer::start(where, name, targets)));
}

// The control plane may have served another run.
void AgentCluster::add_node(const std::string& name) {
  NodeManifest node{.name = name, .addresses = {"192.0.2.1"}};
  base::Status made = api_->create("/api/v1/nodes", node.json()).status();
  if (made.code() != base::Code::kAlreadyExists) require(made);
  require(api_->merge_patch("/api/v1/nodes/" + name + "/status", node.status_patch()).status());
}

}  // namespace cluster
