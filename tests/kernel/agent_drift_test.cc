// What others do to what is ours is repaired; what is theirs stays. Both kinds of iptables.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/kernel/agent_fixture.h"

namespace kernel_test {
namespace {

using base::Protocol;
using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<ServicePort> kTcpPort = {{Protocol::kTcp, 80, kServerPort}};
constexpr char kCidr[] = "clusterCIDR: 10.244.0.0/16,fd00:10:244::/48";

// Splits at spaces.
std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> result;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = std::min(text.find(' ', begin), text.size());
    result.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return result;
}

class AgentDrift : public AgentTest {};

TEST_F(AgentDrift, IsRepairedAndForeignThingsStay) {
  for (const char* command :
       {"ipvsadm -A -t 192.0.2.1:7777 -s wlc", "ipvsadm -a -t 192.0.2.1:7777 -r 172.30.0.11:7 -m",
        "ipvsadm -A -f 99 -s rr", "ipset create FOREIGN hash:ip", "ipset add FOREIGN 192.0.2.99",
        "iptables -t nat -N FOREIGN", "iptables -t nat -A FOREIGN -s 192.0.2.98 -j RETURN",
        "iptables -t nat -A PREROUTING -j FOREIGN", "ip link add foreign0 type dummy",
        "ip addr add 203.0.113.5/32 dev foreign0"}) {
    (void)lab().tool(words(command));
  }
  serve("web", {ip("10.96.0.10"), ip("fd00:96::10")}, kTcpPort, {"pod-0", "remote-0"});
  lab().configure({kCidr, "ipvsAgent: {auditPeriod: 1s}"});
  ASSERT_TRUE(lab().start());
  const std::string right = lab().everything();
  EXPECT_THAT(right, HasSubstr("-A -f 99 -s rr"));

  const char* spoiled[] = {
      "ipvsadm -e -t 10.96.0.10:80 -r 10.244.1.11:8080 -m -w 7",
      "ipvsadm -d -t 10.96.0.10:80 -r 10.244.1.11:8080",
      "ipvsadm -E -t 10.96.0.10:80 -s wlc",
      "ipvsadm -D -t [fd00:96::10]:80",
      "ip addr del 10.96.0.10/32 dev kube-ipvs0",
      "ip addr add 10.99.99.99/32 dev kube-ipvs0",
      "ipset del KUBE-CLUSTER-IP 10.96.0.10,tcp:80",
      "ipset add KUBE-CLUSTER-IP 10.99.99.98,tcp:80",
      "iptables -t nat -F KUBE-SERVICES",
      "iptables -t nat -F KUBE-MARK-MASQ",
      "ip6tables -t nat -F KUBE-POSTROUTING",
      "iptables -F KUBE-IPVS-FILTER",
  };
  for (const char* command : spoiled) {
    SCOPED_TRACE(command);
    (void)lab().tool(words(command));
    std::string now;
    EXPECT_TRUE(eventually(
        [&] {
          now = lab().everything();
          return now == right;
        },
        std::chrono::seconds(20)))
        << now;
  }
  // A jump is put back at the top of the chain, which may be another place than before.
  (void)lab().tool({"iptables", "-t", "nat", "-D", "PREROUTING", "-m", "comment", "--comment",
                    "kubernetes service portals", "-j", "KUBE-SERVICES"});
  EXPECT_TRUE(eventually([&] {
    return lab()
               .rules(base::Family::kIpv4)
               .find(
                   "-A PREROUTING -m comment --comment "
                   "\"kubernetes service portals\" -j "
                   "KUBE-SERVICES") != std::string::npos;
  }));
  EXPECT_GE(lab().metric("ipvs_agent_drift_repaired_total").value_or(0), 12) << lab().metrics();

  // The whole device.
  std::string addresses = lab().addresses();
  (void)lab().tool({"ip", "link", "del", "kube-ipvs0"});
  EXPECT_TRUE(
      eventually([&] { return lab().addresses().find("10.96.0.10/32") != std::string::npos; }));
  auto reply = lab::request(network().client(0), {Protocol::kTcp, ip("10.96.0.10"), 80});
  EXPECT_TRUE(reply.ok()) << reply.status().message();

  EXPECT_THAT(lab().ipvs(), HasSubstr("-a -t 192.0.2.1:7777 -r 172.30.0.11:7 -m -w 1\n"));
  EXPECT_THAT(lab().ipvs(), HasSubstr("-A -f 99 -s rr"));
  EXPECT_THAT(lab().sets(), HasSubstr("add FOREIGN 192.0.2.99"));
  EXPECT_THAT(lab().rules(base::Family::kIpv4), HasSubstr("-A FOREIGN -s 192.0.2.98/32 -j RETURN"));
  EXPECT_THAT(lab().rules(base::Family::kIpv4), HasSubstr("-A PREROUTING -j FOREIGN"));
  EXPECT_THAT(lab().tool({"ip", "addr", "show", "dev", "foreign0"}), HasSubstr("203.0.113.5/32"));
}

TEST_F(AgentDrift, WorksWithEitherKindOfIptables) {
  serve("web", {ip("10.96.0.10"), ip("fd00:96::10")}, kTcpPort, {"remote-0"});
  for (const char* backend : {"legacy", "nft"}) {
    SCOPED_TRACE(backend);
    lab().use_iptables(std::string("-") + backend);
    lab().configure({kCidr, std::string("ipvsAgent: {iptablesBackend: ") + backend + "}"});
    ASSERT_TRUE(lab().start());
    for (base::Family family : kFamilies) {
      EXPECT_THAT(lab().rules(family), HasSubstr("-j KUBE-SERVICES"));
      // Masqueraded, so the rules are the ones in force.
      auto reply = lab::request(
          network().client(0),
          {Protocol::kTcp, ip(family == base::Family::kIpv4 ? "10.96.0.10" : "fd00:96::10"), 80});
      ASSERT_TRUE(reply.ok()) << reply.status().message();
      EXPECT_EQ(reply->peer, lab::Topology::node_inside_address(family));
    }
    if (backend == std::string("legacy")) {
      lab().use_iptables("-nft");
      EXPECT_THAT(lab().rules(base::Family::kIpv4), Not(HasSubstr("KUBE-SERVICES")));
    }
    EXPECT_EQ(lab().stop(), 0);
    // The next one begins without rules of this one.
    for (const char* family : {"iptables-", "ip6tables-"}) {
      for (const char* table : {"nat", "filter"}) {
        (void)lab().tool({std::string(family) + backend, "-t", table, "-F"});
      }
    }
  }
}

}  // namespace
}  // namespace kernel_test
