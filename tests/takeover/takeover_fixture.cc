#include "tests/takeover/takeover_fixture.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <utility>

#include "tests/apiserver/manifests.h"

namespace takeover {
namespace {

using base::Protocol;
using kernel_test::ip;
using lab::Target;

// Each client's: some rate that leaves an emulated processor time for kube-proxy and the agent.
constexpr std::chrono::milliseconds kPause(700);
// The ports of a load of many flows: below those that the kernel gives to connections, and more
// than are used while the kernel remembers a closed connection.
constexpr base::Port kFirstPort = 2000;
constexpr base::Port kPorts = 4000;

// To how many requests of each load one waits for the answers.
int answers_wanted() {
  return std::getenv("LAB_WHOLE") == nullptr ? 3 : 200;  // NOLINT(concurrency-mt-unsafe)
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> sorted_lines(const std::string& text) {
  std::vector<std::string> lines = lines_of(text);
  std::ranges::sort(lines);
  return lines;
}

// Firewall marks by what they stand for: "-A -f 14153 -s rr" as "-A -f 203.0.113.41,tcp:80 -s rr".
std::string with_named_marks(const std::string& text) {
  std::map<std::string, std::string> names;
  const std::regex entry("add KUBE-(?:6-)?INSIDE-MARK (\\S+) skbmark (0x[0-9a-f]+)(\\S*)");
  std::vector<std::string> lines = lines_of(text);
  std::smatch match;
  for (std::string& line : lines) {
    if (!std::regex_match(line, match, entry)) continue;
    names[std::to_string(std::stoul(match[2], nullptr, 16))] = match[1];
    line.replace(static_cast<std::size_t>(match.position(2)), match[2].str().size(), "MARK");
  }
  std::string result;
  const std::regex service("-[Aa] -f ([0-9]+) .*");
  for (std::string& line : lines) {
    if (std::regex_match(line, match, service) && names.contains(match[1])) {
      line.replace(static_cast<std::size_t>(match.position(1)), match[1].str().size(),
                   names[match[1]]);
    }
    result += line + "\n";
  }
  return result;
}

}  // namespace

TakeoverTest::TakeoverTest() {
  lab().configure({kClusterCidr});
  // Where a service's address is none of the node's own, the node needs a route for its packets to
  // be translated at all.
  (void)lab().tool({"ip", "-4", "route", "add", "default", "dev", "eth0"});
  (void)lab().tool({"ip", "-6", "route", "add", "default", "dev", "eth0"});
}

void TakeoverTest::TearDown() {
  for (auto& load : loads_) load->stop();
  if (HasFailure()) std::cerr << "--- kube-proxy's log\n" << proxy_.log();
  AgentTest::TearDown();
}

void TakeoverTest::put_every_service() {
  for (const nlohmann::json& object : apiserver::read_manifest(EVERY_SERVICE)) lab().put(object);
}

bool TakeoverTest::start_proxy(const std::string& mode, const std::vector<std::string>& before) {
  return proxy_.start(mode, {kClusterCidr}, before);
}

bool TakeoverTest::take_over() {
  proxy_.stop();
  return lab().start();
}

void TakeoverTest::open(const std::string& name, const lab::Namespace& from, const Target& to) {
  auto connection = lab::Connection::open(from, to, {.timeout = kernel_test::kPatience});
  ASSERT_TRUE(connection.ok()) << name << ": " << connection.status().message();
  auto reply = connection->ask();
  ASSERT_TRUE(reply.ok()) << name << ": " << reply.status().message();
  connections_.push_back({name, to.protocol, std::move(*connection), reply->server});
}

void TakeoverTest::open_connections() {
  opened_before_ = connections_.size();
  const lab::Namespace& client = network().client(0);
  for (base::Family family : kernel_test::kFamilies) {
    const bool v4 = family == base::Family::kIpv4;
    const base::IpAddress web = ip(v4 ? "10.96.0.10" : "fd00:96::10");
    const base::IpAddress node = lab::Topology::node_address(family);
    open("ClusterIP", client, {Protocol::kTcp, web, 80});
    open("ClusterIP", client, {Protocol::kTcp, web, 80});
    open("ClusterIP from a pod", network().pod(1), {Protocol::kTcp, web, 80});
    open("ClusterIP from the node", lab().node(), {Protocol::kTcp, web, 80});
    open("node port", client, {Protocol::kTcp, node, 30080});
    open("node port", client, {Protocol::kTcp, node, 30080});
    open("local node port", client, {Protocol::kTcp, node, 30081});
    open("external IP", client, {Protocol::kTcp, ip(v4 ? "198.51.100.30" : "2001:db8:9::30"), 80});
    open("load balancer", client, {Protocol::kTcp, ip(v4 ? "203.0.113.40" : "2001:db8:a::40"), 80});
    open("UDP flow to a ClusterIP", client, {Protocol::kUdp, web, 80});
    open("UDP flow of a pod", network().pod(1), {Protocol::kUdp, web, 80});
    open("UDP flow to a node port", client, {Protocol::kUdp, node, 30080});
  }
}

void TakeoverTest::close_last_connections() {
  auto last = connections_.begin() + static_cast<std::ptrdiff_t>(opened_before_);
  connections_.erase(std::remove_if(last, connections_.end(),
                                    [](const auto& one) { return one.protocol == Protocol::kTcp; }),
                     connections_.end());
}

void TakeoverTest::expect_connections(const std::string& when) {
  for (LongConnection& one : connections_) {
    auto reply = one.connection.ask();
    EXPECT_TRUE(reply.ok()) << when << ", " << one.name << ": " << reply.status().message();
    // A flow that pauses may be forgotten, and begins anew.
    if (reply && one.protocol == Protocol::kTcp) {
      EXPECT_EQ(reply->server, one.server) << when << ", " << one.name;
    }
  }
}

void TakeoverTest::start_load() {
  int port = kFirstPort;
  auto add = [&](const Target& target, std::initializer_list<const lab::Namespace*> from,
                 base::Port ports = kPorts) {
    loads_.push_back(std::make_unique<kernel_test::SteadyLoad>(
        target,
        kernel_test::SteadyLoadOptions{
            .pause = kPause, .first_port = static_cast<base::Port>(port), .port_count = ports}));
    for (const lab::Namespace* client : from) loads_.back()->add_client(*client);
    port += ports;
  };
  const base::IpAddress web = ip("10.96.0.10");
  const base::IpAddress web6 = ip("fd00:96::10");
  const base::IpAddress node = lab::Topology::node_address(base::Family::kIpv4);
  add({Protocol::kTcp, web, 80}, {&network().client(0), &network().pod(1)});
  add({Protocol::kTcp, web6, 80}, {&network().client(0)});
  add({Protocol::kTcp, node, 30080}, {&network().client(1)});
  add({Protocol::kTcp, ip("198.51.100.30"), 80}, {&network().client(1)});
  port = kFirstPort;
  add({Protocol::kUdp, web, 80}, {&network().client(1), &network().pod(1)});
  add({Protocol::kUdp, web6, 80}, {&network().client(1)});
  add({Protocol::kUdp, node, 30080}, {&network().client(1)});
  // Flows that never pause.
  add({Protocol::kUdp, web, 80}, {&network().client(1), &network().pod(1)}, 1);
  add({Protocol::kUdp, web6, 80}, {&network().client(1)}, 1);
  add({Protocol::kUdp, node, 30080}, {&network().client(1)}, 1);
}

void TakeoverTest::let_load_run() {
  std::vector<int> before;
  before.reserve(loads_.size());
  for (auto& load : loads_) before.push_back(load->answered());
  for (std::size_t i = 0; i < loads_.size(); ++i) {
    EXPECT_TRUE(kernel_test::eventually([&] {
      return loads_[i]->answered() > before[i] + answers_wanted() || !loads_[i]->failures().empty();
    }));
  }
}

void TakeoverTest::stop_load() {
  for (auto& load : loads_) load->stop();
  int answered = 0;
  for (auto& load : loads_) {
    EXPECT_EQ(load->failures(), std::vector<std::string>());
    EXPECT_GT(load->answered(), 0);
    answered += load->answered();
  }
  std::cout << "the load: " << answered << " requests answered\n";
  loads_.clear();
}

void TakeoverTest::step(const std::string& name) {
  const base::TimePoint now = std::chrono::steady_clock::now();
  std::cout << "after "
            << std::chrono::duration_cast<std::chrono::seconds>(now - last_step_).count()
            << " s: " << name << std::endl;
  last_step_ = now;
}

std::vector<std::string> TakeoverTest::difference(const std::string& before,
                                                  const std::string& after) {
  std::vector<std::string> old_lines = sorted_lines(before);
  std::vector<std::string> new_lines = sorted_lines(after);
  std::vector<std::string> lines;
  std::ranges::set_difference(old_lines, new_lines, std::back_inserter(lines));
  for (std::string& line : lines) line.insert(0, "- ");
  std::ranges::set_difference(new_lines, old_lines, std::back_inserter(lines));
  return lines;
}

std::string TakeoverTest::state() {
  std::string text = lab().everything();
  for (const char* family : {"iptables-save", "ip6tables-save"}) {
    for (const std::string& line : lines_of(lab().tool({family, "-t", "mangle"}))) {
      if (line.starts_with("-A ") || line.starts_with(":KUBE-")) {
        text += line.substr(0, line.find(" [")) + "\n";
      }
    }
  }
  text = std::regex_replace(text, std::regex(" initval 0x[0-9a-f]+"), "");
  text = std::regex_replace(text, std::regex("[0-9]+: (kube-ipvs0 )"), "$1");
  text = std::regex_replace(text, std::regex("(kube-ipvs0 .* scope global).*"), "$1");
  return with_named_marks(text);
}

}  // namespace takeover
