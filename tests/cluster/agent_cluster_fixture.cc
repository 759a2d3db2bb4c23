#include "tests/cluster/agent_cluster_fixture.h"

#include <unistd.h>

#include <cctype>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

namespace cluster {
namespace {

using base::IpAddress;
using base::Protocol;
using lab::eventually;
using nlohmann::json;

std::string at(const IpAddress& address, base::Port port) {
  const std::string text = address.to_string();
  return (address.is_ipv4() ? text : "[" + text + "]") + ":" + std::to_string(port);
}

}  // namespace

AgentCluster& AgentClusterTest::cluster() {
  static const auto made = std::make_unique<AgentCluster>();
  return *made;
}

void AgentClusterTest::SetUp() {
  if (!agent().running()) ok(agent().start());
  for (char c : std::string(testing::UnitTest::GetInstance()->current_test_info()->name())) {
    space_ += static_cast<char>(std::tolower(c));
  }
  space_.resize(std::min<std::size_t>(space_.size(), 50));
  space_ += "-" + std::to_string(getpid());  // the control plane may have served another run
  ok(api().create("/api/v1/namespaces", namespace_json(space_)).status());
}

void AgentClusterTest::TearDown() {
  if (!HasFailure()) return;
  std::cerr << "--- the agent's log\n"
            << agent().log() << "--- the kernel\n"
            << agent().ipvs() << "---\n";
}

std::vector<IpAddress> AgentClusterTest::serve(const ServiceManifest& service) {
  auto made = api().create(services(), service.json());
  if (!made.ok()) throw std::runtime_error(made.status().message());
  const json object = json::parse(*made);
  std::vector<IpAddress> addresses;
  for (const json& ip : object["spec"]["clusterIPs"]) {
    auto address = IpAddress::parse(ip.get<std::string>());
    if (address.ok()) addresses.push_back(*address);  // not "None"
  }
  return addresses;
}

void AgentClusterTest::add_pod(const std::string& server) {
  ok(api().create(pods(), AgentCluster::pod(server, kWeb).json()).status());
  set_ready(server, true);
}

void AgentClusterTest::set_ready(const std::string& server, bool ready) {
  PodManifest pod = AgentCluster::pod(server, {});
  pod.ready = ready;
  ok(api().merge_patch(pods() + "/" + server + "/status", pod.status_patch()).status());
}

IpAddress AgentClusterTest::serve_ready(const std::string& name) {
  add_pod("pod-0");
  IpAddress address = serve({.name = name, .selector = kWeb}).at(0);
  EXPECT_TRUE(eventually([&] { return takes(address, "pod-0"); })) << name;
  return address;
}

void AgentClusterTest::expect_to_follow(const std::string& name) {
  IpAddress address = serve({.name = name, .selector = kWeb}).at(0);
  EXPECT_TRUE(eventually([&] { return is_in_kernel(address); })) << name;
}

int AgentClusterTest::shares(const IpAddress& service, const std::string& server) {
  const std::string wanted = at(service, 80) + " -r " +
                             at(AgentCluster::address(server, service.family()), kServerPort) + " ";
  std::istringstream lines(agent().ipvs());
  int count = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(wanted) != std::string::npos && !line.ends_with("-w 0")) ++count;
  }
  return count;
}

bool AgentClusterTest::is_in_kernel(const IpAddress& service) {
  return agent().everything().find(service.to_string()) != std::string::npos;
}

double AgentClusterTest::deletions() {
  return agent().metric(kOperations, "operation=\"delete").value_or(0);
}

std::map<std::string, int> AgentClusterTest::ask(const IpAddress& service, int count,
                                                 Protocol protocol) {
  auto answers = lab::spread(cluster().network().client(), {protocol, service, 80}, count);
  EXPECT_TRUE(answers.ok()) << answers.status().message();
  return answers.ok() ? *answers : std::map<std::string, int>();
}

std::optional<lab::Connection> AgentClusterTest::connect(const IpAddress& service,
                                                         const std::string& server) {
  for (int tries = 0; tries < 10; ++tries) {
    auto connection =
        lab::Connection::open(cluster().network().client(), {Protocol::kTcp, service, 80});
    if (!connection.ok()) continue;
    auto reply = connection->ask();
    if (reply.ok() && reply->server == server) return std::move(*connection);
  }
  ADD_FAILURE() << server << " answered none of 10 connections";
  return std::nullopt;
}

void AgentClusterTest::expect_alive(std::optional<lab::Connection>& connection) {
  ASSERT_TRUE(connection);
  auto reply = connection->ask();
  EXPECT_TRUE(reply.ok()) << reply.status().message();
}

}  // namespace cluster
