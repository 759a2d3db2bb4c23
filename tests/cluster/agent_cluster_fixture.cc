#include "tests/cluster/agent_cluster_fixture.h"

#include <unistd.h>

#include <algorithm>
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
using nlohmann::json;

std::string at(const IpAddress& address, base::Port port) {
  const std::string text = address.to_string();
  return (address.is_ipv4() ? text : "[" + text + "]") + ":" + std::to_string(port);
}

// Whether the text has the address, and not only one that begins or ends like it.
bool has_address(const std::string& text, const IpAddress& address) {
  const std::string wanted = address.to_string();
  auto goes_on = [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' ||
           (c == ':' && !address.is_ipv4());
  };
  for (std::size_t at = 0; (at = text.find(wanted, at)) != std::string::npos; ++at) {
    const std::size_t end = at + wanted.size();
    if ((at == 0 || !goes_on(text[at - 1])) && (end == text.size() || !goes_on(text[end]))) {
      return true;
    }
  }
  return false;
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

// Services go, so that nothing of one test, such as the end of a drain, falls into another.
void AgentClusterTest::TearDown() {
  ok(api().remove(services()).status());
  for (const IpAddress& address : served_) {
    EXPECT_TRUE(eventually([&] { return !is_in_kernel(address); })) << address.to_string();
  }
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
  served_.insert(served_.end(), addresses.begin(), addresses.end());
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
  return has_address(agent().everything(), service);
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
