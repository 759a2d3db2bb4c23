// Node ports on an address that the node loses while no agent runs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/kernel/agent_fixture.h"

namespace kernel_test {
namespace {

using base::Protocol;
using lab::Target;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class AgentNodePorts : public AgentTest {};

TEST_F(AgentNodePorts, OfAnAddressThatLeftWhileNoAgentRanGoAndNoForeignOneDoes) {
  const std::vector<ServicePort> ports = {{Protocol::kTcp, 80, kServerPort}};
  nlohmann::json service = make_service("web", {ip("10.96.0.10")}, ports);
  service["spec"]["type"] = "NodePort";
  service["spec"]["ports"][0]["nodePort"] = 30080;
  lab().put(make_slice("web", "v4", ports, {endpoint("pod-0")}));
  lab().put(service);
  lab().tool({"ip", "link", "add", "extra", "type", "dummy"});
  lab().tool({"ip", "link", "set", "extra", "up"});
  lab().tool({"ip", "addr", "add", "192.0.2.77/32", "dev", "extra"});
  // The prefix of everything covers the ClusterIP as well.
  lab().configure({"clusterCIDR: 10.244.0.0/16", "nodePortAddresses: [0.0.0.0/0]",
                   "ipvsAgent: {auditPeriod: 1s}"});
  ASSERT_TRUE(lab().start());
  ASSERT_TRUE(in_kernel("-A -t 192.0.2.77:30080 -s rr\n"));
  auto reply = lab::request(lab().node(), Target{Protocol::kTcp, ip("192.0.2.77"), 30080});
  EXPECT_TRUE(reply.ok()) << reply.status().message();
  EXPECT_THAT(lab().ipvs(), Not(HasSubstr("10.96.0.10:30080")));

  EXPECT_EQ(lab().stop(), 0);
  lab().tool({"ip", "addr", "del", "192.0.2.77/32", "dev", "extra"});
  // Others: the same port of an address that was never the node's, and another port of the one
  // that was.
  lab().tool({"ipvsadm", "-A", "-t", "198.51.100.77:30080", "-s", "rr"});
  lab().tool({"ipvsadm", "-A", "-t", "192.0.2.77:9999", "-s", "rr"});
  lab().tool({"ipvsadm", "-A", "-u", "192.0.2.77:30080", "-s", "rr"});
  const auto foreign_only =
      AllOf(Not(HasSubstr("-A -t 192.0.2.77:30080 ")), HasSubstr("-A -t 198.51.100.77:30080 -s rr"),
            HasSubstr("-A -t 192.0.2.77:9999 -s rr"), HasSubstr("-A -u 192.0.2.77:30080 -s rr"));
  ASSERT_TRUE(lab().start());
  EXPECT_THAT(lab().ipvs(), foreign_only);
  EXPECT_THAT(lab().ipvs(), HasSubstr(":30080 -s rr")) << "the node's own addresses go on";
  // Nor do audits or the next agent touch them.
  EXPECT_TRUE(eventually(
      [&] { return lab().metric("ipvs_agent_foreign_virtual_servers").value_or(0) == 3.0; }));
  EXPECT_EQ(lab().stop(), 0);
  ASSERT_TRUE(lab().start());
  EXPECT_THAT(lab().ipvs(), foreign_only);
}

}  // namespace
}  // namespace kernel_test
