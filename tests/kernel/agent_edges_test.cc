// What ipvs-agent does otherwise than kube-proxy, with packets:
// docs/differences-from-kube-proxy.md.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "tests/kernel/agent_fixture.h"

namespace kernel_test {
namespace {

using base::Family;
using base::IpAddress;
using base::Protocol;
using lab::Target;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kClusterCidr[] = "clusterCIDR: 10.244.0.0/16,fd00:10:244::/48";

// The text of iptables-save without dates and counters.
std::string without_dates(const std::string& text) {
  std::istringstream stream(text);
  std::string kept;
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with('#')) kept += line.substr(0, line.find(" [")) + "\n";
  }
  return kept;
}

class AgentEdges : public AgentTest {};

TEST_F(AgentEdges, AClientWhoseHashFallsOnADrainingServerIsAnswered) {
  const std::vector<ServicePort> ports = {{Protocol::kTcp, 80, kServerPort}};
  const IpAddress vip = ip("10.96.0.10");
  serve("web", {vip}, ports, {"pod-0", "pod-1"});
  lab().configure({kClusterCidr, "ipvs: {scheduler: mh}"});
  ASSERT_TRUE(lab().start());
  EXPECT_THAT(lab().ipvs(), HasSubstr("-A -t 10.96.0.10:80 -s mh -b mh-fallback,mh-port\n"));

  // A connection that keeps pod-0 draining for as long as it is open.
  constexpr base::Port kFirst = 20000;
  constexpr int kClients = 24;
  const Target to{Protocol::kTcp, vip, 80};
  std::optional<lab::Connection> kept;
  for (base::Port port = kFirst; !kept && port < kFirst + 100; ++port) {
    auto connection = lab::Connection::open(network().client(0), to, {.source_port = port});
    ASSERT_TRUE(connection.ok()) << connection.status().message();
    auto reply = connection->ask();
    ASSERT_TRUE(reply.ok()) << reply.status().message();
    if (reply->server == "pod-0") kept.emplace(std::move(*connection));
  }
  ASSERT_TRUE(kept) << "no client's hash falls on pod-0";
  lab().put(make_slice("web", "v4", ports, {endpoint("pod-1")}));
  ASSERT_TRUE(in_kernel("-a -t 10.96.0.10:80 -r 10.244.1.11:8080 -m -w 0\n"));

  // About half of these ports are pod-0's.
  for (int i = 0; i < kClients; ++i) {
    auto reply =
        lab::request(network().client(1), to, {.source_port = static_cast<base::Port>(kFirst + i)});
    ASSERT_TRUE(reply.ok()) << "from port " << kFirst + i << ": " << reply.status().message();
    EXPECT_EQ(reply->server, "pod-1");
  }
  auto reply = kept->ask();
  ASSERT_TRUE(reply.ok()) << reply.status().message();
  EXPECT_EQ(reply->server, "pod-0");
  EXPECT_THAT(lab().ipvs(), HasSubstr("-a -t 10.96.0.10:80 -r 10.244.1.11:8080 -m -w 0\n"));
}

// A LoadBalancer Service of both families with externalTrafficPolicy Local.
nlohmann::json local_service(const std::vector<ServicePort>& ports) {
  nlohmann::json service = make_service("web", {ip("10.96.0.10"), ip("fd00:96::10")}, ports);
  service["spec"]["type"] = "LoadBalancer";
  service["spec"]["externalTrafficPolicy"] = "Local";
  service["spec"]["externalIPs"] = {"198.51.100.10", "2001:db8:8::10"};
  base::Port node_port = 30080;
  for (nlohmann::json& port : service["spec"]["ports"]) port["nodePort"] = node_port++;
  service["status"]["loadBalancer"]["ingress"] = {{{"ip", "203.0.113.10"}},
                                                  {{"ip", "2001:db8:9::10"}}};
  return service;
}

// Its load balancer's address, its external IP, and its node port, for one protocol.
std::vector<Target> faces(Family family, Protocol protocol, base::Port node_port) {
  bool four = family == Family::kIpv4;
  return {{protocol, ip(four ? "203.0.113.10" : "2001:db8:9::10"), 80},
          {protocol, ip(four ? "198.51.100.10" : "2001:db8:8::10"), 80},
          {protocol, lab::Topology::node_address(family), node_port}};
}

TEST_F(AgentEdges, PolicyLocalIsForClientsFromOutside) {
  const std::vector<ServicePort> ports = {{Protocol::kTcp, 80, kServerPort, "tcp"},
                                          {Protocol::kUdp, 80, kServerPort, "udp"},
                                          {Protocol::kSctp, 80, kServerPort, "sctp"}};
  auto put_endpoints = [&](const std::vector<std::string>& servers) {
    for (Family family : kFamilies) {
      std::vector<Endpoint> endpoints;
      for (const std::string& server : servers) endpoints.push_back(endpoint(server, family));
      lab().put(make_slice("web", family == Family::kIpv4 ? "v4" : "v6", ports, endpoints));
    }
  };
  // Somebody else has a virtual server of a mark.
  lab().tool({"ipvsadm", "-A", "-f", "77", "-s", "rr"});
  put_endpoints({"pod-0", "remote-0"});
  lab().put(local_service(ports));
  lab().configure({kClusterCidr, "ipvsAgent: {auditPeriod: 2s}"});
  ASSERT_TRUE(lab().start());

  auto servers_seen = [&](const lab::Namespace& from, const Target& to) {
    std::set<std::string> seen;
    auto answers = lab::spread(from, to, 4);
    EXPECT_TRUE(answers.ok()) << to_string(to) << ": " << answers.status().message();
    if (answers.ok()) {
      for (const auto& [server, count] : *answers) seen.insert(server);
    }
    return seen;
  };
  auto peer = [&](const lab::Namespace& from, const Target& to) {
    auto reply = lab::request(from, to);
    EXPECT_TRUE(reply.ok()) << to_string(to) << ": " << reply.status().message();
    return reply ? reply->peer : IpAddress();
  };
  for (Family family : kFamilies) {
    base::Port node_port = 30080;
    for (const ServicePort& port : ports) {
      for (const Target& to : faces(family, port.protocol, node_port)) {
        SCOPED_TRACE(to_string(to));
        EXPECT_THAT(servers_seen(network().client(0), to), ElementsAre("pod-0"));
        EXPECT_EQ(peer(network().client(0), to), lab::Topology::client_address(0, family));
        EXPECT_THAT(servers_seen(network().pod(1), to), ElementsAre("pod-0", "remote-0"));
        EXPECT_THAT(servers_seen(lab().node(), to), ElementsAre("pod-0", "remote-0"));
      }
      ++node_port;
    }
  }

  // Only remote ones are left.
  put_endpoints({"remote-0"});
  EXPECT_TRUE(eventually(
      [&] { return lab().ipvs().find("-r 10.244.1.11:8080 -m -w 1") == std::string::npos; }));
  for (Family family : kFamilies) {
    base::Port node_port = 30080;
    for (const ServicePort& port : ports) {
      std::vector<Target> all = faces(family, port.protocol, node_port++);
      for (const Target& to : all) {
        SCOPED_TRACE(to_string(to));
        bool node_port_face = to == all.back();
        EXPECT_EQ(peer(network().pod(1), to), node_port_face
                                                  ? lab::Topology::node_inside_address(family)
                                                  : lab::Topology::pod_address(1, family));
        EXPECT_THAT(peer(lab().node(), to), AnyOf(lab::Topology::node_inside_address(family),
                                                  lab::Topology::node_address(family)));
      }
    }
  }

  // Another agent finds everything as it is wanted, and so does the audit.
  const std::string before = lab().everything() + lab().tool({"iptables-save", "-t", "mangle"}) +
                             lab().tool({"ip6tables-save", "-t", "mangle"});
  EXPECT_EQ(lab().stop(), 0);
  ASSERT_TRUE(lab().start());
  EXPECT_EQ(without_dates(lab().everything() + lab().tool({"iptables-save", "-t", "mangle"}) +
                          lab().tool({"ip6tables-save", "-t", "mangle"})),
            without_dates(before));
  EXPECT_THAT(lab().log(), Not(HasSubstr("drift")));

  // Somebody takes a mark's virtual server away: it comes back.
  std::istringstream lines(lab().ipvs());
  std::string mark;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("-A -f ") || line.find(" -6") != line.npos) continue;
    if (line != "-A -f 77 -s rr") mark = line.substr(6, line.find(' ', 6) - 6);
  }
  lab().tool({"ipvsadm", "-D", "-f", mark});
  EXPECT_TRUE(in_kernel("-A -f " + mark + " -s rr"));

  // With the Service, all of it goes; so it does on leaving the host.
  lab().erase("Service", "web");
  EXPECT_TRUE(eventually([&] {
    return lab().ipvs() == "-A -f 77 -s rr\n" &&
           lab().tool({"iptables-save", "-t", "mangle"}).find("INSIDE") == std::string::npos;
  }));
  put_endpoints({"pod-0", "remote-0"});
  lab().put(local_service(ports));
  EXPECT_TRUE(eventually([&] {
    return lab().tool({"iptables-save", "-t", "mangle"}).find("INSIDE") != std::string::npos;
  }));
  EXPECT_EQ(lab().stop(), 0);
  lab().tool({AGENT_BINARY, "--cleanup"});
  EXPECT_EQ(lab().ipvs(), "-A -f 77 -s rr\n");
  EXPECT_EQ(lab().sets(), "");
  EXPECT_THAT(lab().tool({"iptables-save", "-t", "mangle"}), Not(HasSubstr("KUBE-INSIDE")));
}

// What the pages of differences and of migration say of connections through marks.
TEST_F(AgentEdges, ConnectionsThroughAMarkLiveAsLongAsItsVirtualServer) {
  const std::vector<ServicePort> ports = {{Protocol::kTcp, 80, kServerPort, "tcp"}};
  auto put_endpoints = [&](const std::vector<std::string>& servers) {
    std::vector<Endpoint> endpoints;
    for (const std::string& name : servers) endpoints.push_back(endpoint(name));
    lab().put(make_slice("web", "v4", ports, endpoints));
  };
  put_endpoints({"pod-0", "remote-0"});
  lab().put(local_service(ports));
  lab().configure({kClusterCidr});
  ASSERT_TRUE(lab().start());
  const Target vip = faces(Family::kIpv4, Protocol::kTcp, 30080).front();
  auto open = [&](const lab::Namespace& from) {
    auto connection = lab::Connection::open(from, vip);
    EXPECT_TRUE(connection.ok()) << connection.status().message();
    return connection;
  };
  // Two from inside, to whichever endpoints, and one from outside, to the local one.
  auto pod = open(network().pod(1));
  auto second_pod = open(network().pod(1));
  auto node = open(lab().node());
  auto outside = open(network().client(0));
  ASSERT_TRUE(pod.ok() && second_pod.ok() && node.ok() && outside.ok());
  auto ask = [](lab::Connection& connection) {
    auto reply = connection.ask();
    return reply ? reply->server : reply.status().message();
  };
  const std::string of_pod = ask(*pod);
  const std::string of_second = ask(*second_pod);
  const std::string of_node = ask(*node);
  EXPECT_NE(of_pod, of_second) << "round robin";
  auto expect_all = [&](const std::string& when) {
    EXPECT_EQ(ask(*pod), of_pod) << when;
    EXPECT_EQ(ask(*second_pod), of_second) << when;
    EXPECT_EQ(ask(*node), of_node) << when;
    EXPECT_EQ(ask(*outside), "pod-0") << when;
  };
  const std::string before = lab().ipvs();
  EXPECT_EQ(lab().stop(), 0);
  expect_all("without an agent");
  ASSERT_TRUE(lab().start());
  EXPECT_EQ(lab().ipvs(), before) << "the same marks";
  expect_all("restarted");

  put_endpoints({"pod-0", "remote-0", "remote-1"});
  EXPECT_TRUE(in_kernel("-r " + at(endpoint("remote-1").address, kServerPort) + " -m -w 1"));
  expect_all("with an endpoint more");
  put_endpoints({"pod-0", "remote-1"});
  EXPECT_TRUE(in_kernel("-r " + at(endpoint("remote-0").address, kServerPort) + " -m -w 0"));
  expect_all("with one that drains");

  // Another Service that comes gets a mark of its own.
  nlohmann::json other = local_service(ports);
  other["metadata"]["name"] = "other";
  other["spec"]["clusterIP"] = "10.96.0.11";
  other["spec"]["clusterIPs"] = {"10.96.0.11", "fd00:96::11"};
  other["spec"]["externalIPs"] = {"198.51.100.11"};
  other["spec"]["ports"][0]["nodePort"] = 30090;
  other["status"]["loadBalancer"]["ingress"] = {{{"ip", "203.0.113.11"}}};
  lab().put(make_slice("other", "v4", ports, {endpoint("pod-1")}));
  lab().put(other);
  EXPECT_TRUE(in_kernel("-A -t 203.0.113.11:80"));
  expect_all("beside another Service with marks");

  // As before going back to kube-proxy: those through marks end, the others go on.
  EXPECT_EQ(lab().stop(), 0);
  lab().configure({kClusterCidr, "ipvsAgent: {insideTrafficMarkMask: \"0x0\"}"});
  ASSERT_TRUE(lab().start());
  EXPECT_THAT(lab().ipvs(), Not(HasSubstr("-A -f ")));
  EXPECT_EQ(ask(*outside), "pod-0");
  EXPECT_FALSE(pod->ask().ok());
  EXPECT_FALSE(node->ask().ok());
}

TEST_F(AgentEdges, EchoToAServiceAddressGetsWhatTheConfigurationSays) {
  serve("web", {ip("10.96.0.10"), ip("fd00:96::10")}, {{Protocol::kTcp, 80, kServerPort}},
        {"pod-0"});
  // An external IP that the node has as well must go on answering.
  nlohmann::json own = make_service("own", {ip("10.96.0.11"), ip("fd00:96::11")},
                                    {{Protocol::kTcp, 81, kServerPort}});
  own["spec"]["externalIPs"] = {lab::Topology::node_address(Family::kIpv4).to_string(),
                                lab::Topology::node_address(Family::kIpv6).to_string()};
  lab().put(own);
  auto host = lab::EchoServer::start(
      lab().node(), "host",
      {{Protocol::kTcp, ip("0.0.0.0"), 9999}, {Protocol::kTcp, ip("::"), 9999}});
  ASSERT_TRUE(host.ok()) << host.status().message();
  auto ping = [&](const lab::Namespace& from, const IpAddress& to) {
    auto output = from.execute({"ping", "-n", "-c", "1", "-W", "5", to.to_string()});
    EXPECT_TRUE(output.ok()) << output.status().message();
    return output.ok() ? output->out + output->err : "";
  };
  struct Case {
    const char* configured;
    const char* text;
  };
  for (const Case& one : {Case{"reject", "nreachable"}, Case{"answer", " 0% packet loss"},
                          Case{"drop", "100% packet loss"}}) {
    SCOPED_TRACE(one.configured);
    lab().configure(
        {kClusterCidr, "ipvsAgent: {echoToServiceAddresses: " + std::string(one.configured) + "}"});
    ASSERT_TRUE(lab().start());
    for (Family family : kFamilies) {
      const IpAddress vip = ip(family == Family::kIpv4 ? "10.96.0.10" : "fd00:96::10");
      EXPECT_THAT(ping(network().client(0), vip), HasSubstr(one.text));
      EXPECT_THAT(ping(network().pod(0), vip), HasSubstr(one.text));
      EXPECT_THAT(ping(network().client(0), lab::Topology::node_address(family)),
                  HasSubstr(" 0% packet loss"));
      // Ports of the host stay closed there, whatever pings get.
      auto reply = lab::request(network().client(0), {Protocol::kTcp, vip, 9999});
      EXPECT_EQ(reply.status().error_number(), ECONNREFUSED);
      EXPECT_TRUE(lab::request(network().client(0),
                               {Protocol::kTcp, lab::Topology::node_address(family), 9999})
                      .ok());
    }
    EXPECT_EQ(lab().stop(), 0);
  }
}

TEST_F(AgentEdges, SourceRangesHoldForTheNodeItself) {
  const std::vector<ServicePort> ports = {{Protocol::kTcp, 80, kServerPort}};
  auto put = [&](const std::string& name, int number, const std::vector<std::string>& ranges) {
    const std::string n = std::to_string(number);
    nlohmann::json service = make_service(name, {ip("10.96.0." + n), ip("fd00:96::" + n)}, ports);
    service["spec"]["type"] = "LoadBalancer";
    service["spec"]["loadBalancerSourceRanges"] = ranges;
    service["status"]["loadBalancer"]["ingress"] = {{{"ip", "203.0.113." + n}},
                                                    {{"ip", "2001:db8:9::" + n}}};
    lab().put(service);
    for (Family family : kFamilies) {
      lab().put(make_slice(name, family == Family::kIpv4 ? "v4" : "v6", ports,
                           {endpoint("pod-0", family)}));
    }
  };
  nlohmann::json node = {{"kind", "Node"},
                         {"apiVersion", "v1"},
                         {"metadata", {{"name", kNodeName}}},
                         {"status",
                          {{"addresses",
                            {{{"type", "InternalIP"}, {"address", "192.0.2.1"}},
                             {{"type", "InternalIP"}, {"address", "2001:db8:1::1"}}}}}}};
  lab().put(node);
  put("clients", 20, {"192.0.2.8/29", "2001:db8:1::10/124"});
  put("clients-and-node", 21, {"192.0.2.0/24", "2001:db8:1::/64"});
  lab().configure({kClusterCidr});
  ASSERT_TRUE(lab().start());
  const std::string rules = lab().tool({"iptables-save", "-t", "mangle"});
  for (Family family : kFamilies) {
    bool four = family == Family::kIpv4;
    Target closed{Protocol::kTcp, ip(four ? "203.0.113.20" : "2001:db8:9::20"), 80};
    Target open{Protocol::kTcp, ip(four ? "203.0.113.21" : "2001:db8:9::21"), 80};
    EXPECT_TRUE(lab::request(network().client(0), closed).ok());
    EXPECT_TRUE(lab::request(network().client(0), open).ok());
    auto refused = lab::request(lab().node(), closed, {.timeout = std::chrono::seconds(3)});
    EXPECT_EQ(refused.status().error_number(), ETIMEDOUT) << refused.status().message();
    EXPECT_TRUE(lab::request(lab().node(), open).ok());
  }
  // No rule comes with another such Service.
  put("more", 22, {"192.0.2.8/29"});
  ASSERT_TRUE(in_kernel("-A -t 203.0.113.22:80"));
  EXPECT_EQ(without_dates(lab().tool({"iptables-save", "-t", "mangle"})), without_dates(rules));
}

TEST_F(AgentEdges, NodePortsOnLoopbackAreRefusedAtOnce) {
  const std::vector<ServicePort> ports = {{Protocol::kTcp, 80, kServerPort, "tcp"},
                                          {Protocol::kUdp, 80, kServerPort, "udp"},
                                          {Protocol::kSctp, 80, kServerPort, "sctp"}};
  nlohmann::json service = make_service("web", {ip("10.96.0.10"), ip("fd00:96::10")}, ports);
  service["spec"]["type"] = "NodePort";
  for (nlohmann::json& port : service["spec"]["ports"]) port["nodePort"] = 30080;
  lab().put(service);
  for (Family family : kFamilies) {
    lab().put(make_slice("web", family == Family::kIpv4 ? "v4" : "v6", ports,
                         {endpoint("pod-0", family)}));
  }
  for (const char* addresses : {"[]", "[127.0.0.0/8, \"::1/128\", 0.0.0.0/0]"}) {
    SCOPED_TRACE(addresses);
    lab().configure({kClusterCidr, std::string("nodePortAddresses: ") + addresses});
    ASSERT_TRUE(lab().start());
    EXPECT_THAT(lab().ipvs(), HasSubstr("-A -t 192.0.2.1:30080"));
    EXPECT_THAT(lab().ipvs(), Not(HasSubstr("127.0.0.1")));
    for (Protocol protocol : kProtocols) {
      for (const char* loopback : {"127.0.0.1", "::1"}) {
        auto reply = lab::request(lab().node(), {protocol, ip(loopback), 30080});
        EXPECT_EQ(reply.status().error_number(), ECONNREFUSED)
            << to_string(protocol) << " " << loopback << ": " << reply.status().message();
      }
      EXPECT_TRUE(
          lab::request(lab().node(), {protocol, lab::Topology::node_address(Family::kIpv4), 30080})
              .ok());
    }
    // Whether the kernel lets loopback addresses out is not ours to decide.
    EXPECT_EQ(*lab().node().sysctl("net/ipv4/conf/all/route_localnet"), "0");
    EXPECT_EQ(lab().stop(), 0);
  }
}

}  // namespace
}  // namespace kernel_test
