// `explain --client` against what the kernel's schedulers really choose.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/kernel/agent_fixture.h"

namespace kernel_test {
namespace {

using base::Family;
using base::Protocol;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class AgentForetold : public AgentTest {
 protected:
  static constexpr int kClients = 12;

  static base::IpAddress vip(Family family) {
    return ip(family == Family::kIpv4 ? "10.96.0.10" : "fd00:10:96::10");
  }
  // Those of the first client, on its one interface.
  static base::IpAddress source(int index, Family family) {
    const std::string number = std::to_string(100 + 7 * index);
    return ip((family == Family::kIpv4 ? "192.0.2." : "2001:db8:1::") + number);
  }
  // The address of the server of that name.
  static std::string address_of(const std::string& server, Family family) {
    return endpoint(server, family).address.to_string();
  }
  void start_with(const std::string& scheduler_lines) {
    std::string interface = "eth0";
    for (int i = 0; i < kClients; ++i) {
      for (Family family : kFamilies) {
        std::string address = source(i, family).to_string();
        std::vector<std::string> add = {"ip",  "addr",
                                        "add", address + (family == Family::kIpv4 ? "/24" : "/64"),
                                        "dev", interface};
        if (family == Family::kIpv6) add.emplace_back("nodad");
        auto added = network().client(0).check(add);
        ASSERT_TRUE(added.ok()) << added.status().message();
      }
    }
    serve("web", {vip(Family::kIpv4), vip(Family::kIpv6)}, {{Protocol::kTcp, 80, kServerPort}},
          {"pod-0", "pod-1", "remote-0", "remote-1"});
    lab().configure({"clusterCIDR: 10.244.0.0/16", scheduler_lines});
    ASSERT_TRUE(lab().start());
  }
  json choice_for(const std::string& client, Family family) {
    lab::Output output =
        lab().command({"explain", at(vip(family), 80), "--client", client, "-o", "json"});
    EXPECT_EQ(output.status, 0) << output.err;
    const json answer = json::parse(output.out, nullptr, false);
    const std::string wanted = vip(family).to_string();
    for (const json& server : answer["virtualServers"]) {
      if (server["address"] == wanted) return server.value("choice", json::object());
    }
    return json::object();
  }
  // Connects from every source; each must be answered by the server that was foretold, and by
  // nobody where none was. Which servers answered.
  std::set<std::string> compare(bool with_ports = false) {
    std::set<std::string> answered;
    for (Family family : kFamilies) {
      for (int i = 0; i < kClients; ++i) {
        lab::ClientOptions options{.source = source(i, family)};
        std::string client = options.source->to_string();
        if (with_ports) {
          options.source_port = static_cast<base::Port>(40000 + 13 * i);
          client = at(*options.source, options.source_port);
        }
        const json choice = choice_for(client, family);
        auto reply = lab::request(network().client(0), {Protocol::kTcp, vip(family), 80}, options);
        if (choice["server"].is_null()) {
          EXPECT_THAT(choice.value("why", ""), StartsWith("none, ")) << choice.dump();
          EXPECT_FALSE(reply.ok()) << client << " got " << reply->server << ": " << choice.dump();
          answered.insert("nobody");
          continue;
        }
        EXPECT_TRUE(reply.ok()) << client << ": " << reply.status().message() << choice.dump();
        if (!reply.ok()) continue;
        EXPECT_EQ(choice["server"]["address"], address_of(reply->server, family))
            << client << " was answered by " << reply->server << ": " << choice.dump();
        answered.insert(reply->server);
      }
    }
    return answered;
  }
};

TEST_F(AgentForetold, ShLeadsEachClientWhereExplainSays) {
  start_with("ipvs: {scheduler: sh}");
  EXPECT_GE(compare().size(), 3u);
  EXPECT_THAT(lab().command({"explain", "web", "--client", "192.0.2.100"}).out,
              HasSubstr(", by the hash of the client's address"));
  // Somebody else's order of the list: the oldest is the newest now.
  const std::string oldest = address_of("pod-0", Family::kIpv4) + ":8080";
  lab().tool({"ipvsadm", "-d", "-t", "10.96.0.10:80", "-r", oldest});
  lab().tool({"ipvsadm", "-a", "-t", "10.96.0.10:80", "-r", oldest, "-m", "-w", "1"});
  compare();
  // Weight 0 keeps its places, and whoever has them gets no connection.
  ASSERT_EQ(lab().command({"drain", address_of("pod-1", Family::kIpv4)}).status, 0);
  ASSERT_EQ(lab().command({"drain", address_of("pod-1", Family::kIpv6)}).status, 0);
  EXPECT_EQ(compare().count("pod-1"), 0u);
}

// The agent has it look at the port as well.
TEST_F(AgentForetold, MhLeadsEachClientWhereExplainSays) {
  start_with("ipvs: {scheduler: mh}");
  EXPECT_THAT(choice_for("192.0.2.100", Family::kIpv4).value("why", ""),
              StartsWith("cannot be foretold: mh-port"));
  EXPECT_GE(compare(true).size(), 3u);
  // What the kernel does not tell is not guessed.
  ASSERT_EQ(lab().command({"drain", address_of("pod-0", Family::kIpv4)}).status, 0);
  EXPECT_THAT(choice_for("192.0.2.100:40000", Family::kIpv4).value("why", ""),
              StartsWith("cannot be foretold: a real server has weight 0"));
}

// One external IP of policy Local whose port is the endpoints' own, and one whose port is not.
class AgentSessions : public AgentForetold {
 protected:
  void put_sticky(const std::string& name, const std::string& number, base::Port port) {
    const std::vector<base::IpAddress> addresses = {ip("10.96.0." + number),
                                                    ip("fd00:10:96::" + number)};
    const std::vector<ServicePort> ports = {{Protocol::kTcp, port, kServerPort}};
    serve(name, addresses, ports, {"pod-0", "pod-1", "remote-0", "remote-1"});
    json sticky = make_service(name, addresses, ports);
    sticky["spec"]["sessionAffinity"] = "ClientIP";
    sticky["spec"]["sessionAffinityConfig"] = {{"clientIP", {{"timeoutSeconds", 10800}}}};
    sticky["spec"]["externalIPs"] = {external(number, Family::kIpv4).to_string(),
                                     external(number, Family::kIpv6).to_string()};
    sticky["spec"]["type"] = "LoadBalancer";
    sticky["spec"]["externalTrafficPolicy"] = "Local";
    sticky["spec"]["healthCheckNodePort"] = 32000 + port % 1000;
    lab().put(sticky);
  }
  static base::IpAddress external(const std::string& number, Family family) {
    return ip((family == Family::kIpv4 ? "198.51.100." : "2001:db8:8::") + number);
  }
  json choice(const std::string& service, const base::IpAddress& address,
              const std::string& clients, const base::IpAddress& client) {
    lab::Output output =
        lab().command({"explain", service, "--client", client.to_string(), "-o", "json"});
    EXPECT_EQ(output.status, 0) << output.err;
    const json answer = json::parse(output.out, nullptr, false);
    for (const json& server : answer["virtualServers"]) {
      if (server["address"] == address.to_string() && server.value("clients", "") == clients) {
        return server.value("choice", json::object());
      }
    }
    return json::object();
  }
};

// What session affinity remembers goes before the scheduler: by an address, for clients from
// outside, and by a firewall mark, for those inside.
TEST_F(AgentSessions, LeadTheirClientWhereExplainSays) {
  constexpr char kNone[] = "the kernel has no session of the client";
  put_sticky("web", "10", 80);
  put_sticky("same", "11", kServerPort);
  lab().configure({"clusterCIDR: 10.244.0.0/16,fd00:10:244::/48"});
  ASSERT_TRUE(lab().start());
  for (Family family : kFamilies) {
    struct Path {
      const lab::Namespace& from;
      base::IpAddress client;
      std::string service;
      base::IpAddress to;
      base::Port port;
      std::string clients;
    };
    const base::IpAddress outside = lab::Topology::client_address(0, family);
    const base::IpAddress pod = lab::Topology::pod_address(1, family);
    for (const Path& path :
         {Path{network().client(0), outside, "web", vip(family), 80, ""},
          Path{network().pod(1), pod, "same", external("11", family), kServerPort, "inside"}}) {
      SCOPED_TRACE(path.client.to_string() + " to " + path.to.to_string());
      const lab::Target target{Protocol::kTcp, path.to, path.port};
      EXPECT_THAT(choice(path.service, path.to, path.clients, path.client).value("why", ""),
                  StartsWith(kNone));
      auto reply = lab::request(path.from, target);
      ASSERT_TRUE(reply.ok()) << reply.status().message();
      const json stuck = choice(path.service, path.to, path.clients, path.client);
      EXPECT_EQ(stuck["server"]["address"], address_of(reply->server, family)) << stuck.dump();
      EXPECT_EQ(stuck["server"]["port"], kServerPort);
      EXPECT_GT(stuck.value("sessionSeconds", 0), 0);
      EXPECT_LE(stuck.value("sessionSeconds", 0), 10800);
      auto again = lab::spread(path.from, target, 4);
      ASSERT_TRUE(again.ok()) << again.status().message();
      EXPECT_THAT(*again, ::testing::ElementsAre(::testing::Pair(reply->server, 4)));
      // Somebody else's session is not this client's.
      EXPECT_THAT(
          choice(path.service, path.to, path.clients, lab::Topology::client_address(1, family))
              .value("why", ""),
          StartsWith(kNone));
    }
    // A mark's virtual server with sessions would lead to the endpoints' port 80: it hashes.
    const json hashed = choice("web", external("10", family), "inside", pod);
    EXPECT_THAT(hashed.value("why", ""), HasSubstr("hash"));
    EXPECT_THAT(lab().command({"explain", "web"}).out,
                HasSubstr("by the hash of the client's address (mh), so some clients move"));
    auto answers = lab::spread(network().pod(1), {Protocol::kTcp, external("10", family), 80}, 8);
    ASSERT_TRUE(answers.ok()) << answers.status().message();
    ASSERT_THAT(*answers, ::testing::ElementsAre(::testing::Pair(::testing::_, 8)));
    EXPECT_EQ(hashed["server"]["address"], address_of(answers->begin()->first, family))
        << hashed.dump();
  }
}

// One that drains gets no new connections, whatever the kernel remembers.
TEST_F(AgentSessions, DoNotCountWithAServerThatDrains) {
  put_sticky("web", "10", 80);
  lab().configure({"clusterCIDR: 10.244.0.0/16,fd00:10:244::/48"});
  ASSERT_TRUE(lab().start());
  const base::IpAddress client = lab::Topology::client_address(0, Family::kIpv4);
  const lab::Target target{Protocol::kTcp, vip(Family::kIpv4), 80};
  auto first = lab::request(network().client(0), target);
  ASSERT_TRUE(first.ok()) << first.status().message();
  const std::string server = address_of(first->server, Family::kIpv4);
  ASSERT_EQ(lab().command({"drain", server}).status, 0);
  ASSERT_TRUE(in_kernel("-r " + server + ":8080 -m -w 0"));
  EXPECT_THAT(choice("web", target.address, "", client).value("why", ""),
              AllOf(HasSubstr("does not count"), HasSubstr("weight 0")));
  auto second = lab::request(network().client(0), target);
  ASSERT_TRUE(second.ok()) << second.status().message();
  EXPECT_NE(second->server, first->server);
  EXPECT_EQ(choice("web", target.address, "", client)["server"]["address"],
            address_of(second->server, Family::kIpv4));
}

TEST_F(AgentForetold, DhLeadsAllClientsToOne) {
  start_with("ipvs: {scheduler: dh}");
  EXPECT_LE(compare().size(), 2u);  // one a family
}

}  // namespace
}  // namespace kernel_test
