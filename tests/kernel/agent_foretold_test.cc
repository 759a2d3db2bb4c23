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

TEST_F(AgentForetold, DhLeadsAllClientsToOne) {
  start_with("ipvs: {scheduler: dh}");
  EXPECT_LE(compare().size(), 2u);  // one a family
}

}  // namespace
}  // namespace kernel_test
