#include "tests/kernel/agent_fixture.h"

#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace kernel_test {
namespace {

std::size_t index_of(const std::string& server) {
  return static_cast<std::size_t>(server.back() - '0');
}

base::IpAddress address_of(const std::string& server, base::Family family) {
  return server.starts_with("pod") ? lab::Topology::pod_address(index_of(server), family)
                                   : lab::Topology::remote_address(index_of(server), family);
}

}  // namespace

std::string at(const base::IpAddress& address, base::Port port) {
  std::string text = address.to_string();
  return (address.is_ipv4() ? text : "[" + text + "]") + ":" + std::to_string(port);
}

AgentTest::AgentTest()
    : lab_(std::make_unique<AgentInLab>(
          lab::TopologyOptions{.name = "agent", .clients = 2, .pods = 2, .remotes = 2})) {
  for (std::size_t i = 0; i < 2; ++i) {
    add_server("pod-" + std::to_string(i), network().pod(i));
    add_server("remote-" + std::to_string(i), network().remote(i));
  }
}

AgentTest::~AgentTest() = default;

void AgentTest::TearDown() {
  if (!HasFailure()) return;
  std::cerr << "--- the agent's log\n"
            << lab().earlier_logs() << lab().log() << "--- the kernel\n"
            << lab().ipvs() << lab().addresses() << "---\n";
}

void AgentTest::add_server(const std::string& name, const lab::Namespace& where) {
  std::vector<lab::Target> targets;
  for (base::Family family : kFamilies) {
    for (base::Protocol protocol : kProtocols) {
      for (base::Port port : {kServerPort, kSecondServerPort}) {
        targets.push_back({protocol, address_of(name, family), port});
      }
    }
  }
  auto server = lab::EchoServer::start(where, name, targets);
  if (!server) throw std::runtime_error(server.status().message());
  servers_.push_back(std::move(*server));
}

lab::EchoServer& AgentTest::server(const std::string& name) const {
  for (const auto& server : servers_) {
    if (server->name() == name) return *server;
  }
  throw std::runtime_error("no server " + name);
}

Endpoint AgentTest::endpoint(const std::string& server, base::Family family) {
  return {.address = address_of(server, family),
          .node = server.starts_with("pod") ? kNodeName : "other"};
}

void AgentTest::serve(const std::string& name, const std::vector<base::IpAddress>& ips,
                      const std::vector<ServicePort>& ports,
                      const std::vector<std::string>& servers) {
  for (const base::IpAddress& address : ips) {
    std::vector<Endpoint> endpoints;
    endpoints.reserve(servers.size());
    for (const std::string& server : servers) {
      endpoints.push_back(endpoint(server, address.family()));
    }
    lab().put(make_slice(name, address.is_ipv4() ? "v4" : "v6", ports, endpoints));
  }
  lab().put(make_service(name, ips, ports));
}

bool AgentTest::in_kernel(const std::string& text) const {
  return eventually([&] { return lab_->ipvs().find(text) != std::string::npos; });
}

bool AgentTest::not_in_kernel(const std::string& text) const {
  return eventually([&] { return lab_->ipvs().find(text) == std::string::npos; });
}

}  // namespace kernel_test
