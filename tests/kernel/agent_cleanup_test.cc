// --cleanup on a real kernel: what is ours goes, what is not stays, whatever fails on the way.

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

class AgentCleanup : public AgentTest {
 protected:
  void run(const std::vector<const char*>& commands) {
    for (const char* command : commands) (void)lab().tool({"sh", "-c", command});
  }
  void serve_and_stop() {
    serve("web", {ip("10.96.0.10"), ip("fd00:96::10")}, kTcpPort, {"pod-0", "remote-0"});
    lab().configure({"clusterCIDR: 10.244.0.0/16,fd00:10:244::/48"});
    ASSERT_TRUE(lab().start());
    ASSERT_EQ(lab().stop(), 0);
  }
  std::string of_others() {
    return lab().everything() + lab().tool({"ip", "-o", "addr", "show", "dev", "foreign0"});
  }
};

TEST_F(AgentCleanup, TakesWhatIsOursAndNothingElse) {
  // iptables makes its tables, with their empty chains, when they are first asked for.
  run({"ipvsadm -A -t 192.0.2.1:7777 -s wlc", "ipvsadm -a -t 192.0.2.1:7777 -r 172.30.0.11:7 -m",
       "ipvsadm -A -t [2001:db8:1::1]:7777 -s rr", "ipvsadm -A -f 99 -s rr",
       "ipset create FOREIGN hash:ip", "ipset add FOREIGN 192.0.2.99",
       "iptables -t nat -N FOREIGN && iptables -t nat -A POSTROUTING -j FOREIGN",
       "ip6tables -N FOREIGN && ip6tables -A FORWARD -j FOREIGN",
       "for t in nat filter; do for i in ip ip6; do ${i}tables -t $t -N KUBE-KUBELET-CANARY; "
       "done; done",
       "ip link add foreign0 type dummy", "ip addr add 203.0.113.5/32 dev foreign0",
       "ip addr add 10.96.0.99/32 dev foreign0"});
  const std::string before = of_others();
  serve_and_stop();
  ASSERT_NE(of_others(), before);
  EXPECT_EQ(lab().clean_up(), 0) << lab().log();
  EXPECT_EQ(of_others(), before);
  EXPECT_EQ(lab().clean_up(), 0) << "a second time: " << lab().log();
  EXPECT_EQ(of_others(), before);
}

TEST_F(AgentCleanup, GoesOnWhereSomethingCannotGo) {
  serve_and_stop();
  run({// A set in use, and a chain that a rule of others leads to, each of one family.
       "iptables -N FOREIGN && iptables -A FORWARD -j FOREIGN",
       "iptables -A FOREIGN -m set --match-set KUBE-CLUSTER-IP dst,dst -j RETURN",
       "ip6tables -t nat -N FOREIGN && ip6tables -t nat -A FOREIGN -j KUBE-MARK-MASQ",
       // Gone already: a chain with the jump to it, a set, the device, a virtual server.
       "iptables -D INPUT -m comment --comment 'kubernetes health check rules' -j KUBE-NODE-PORT",
       "iptables -F KUBE-NODE-PORT && iptables -X KUBE-NODE-PORT", "ip link del kube-ipvs0",
       "ipvsadm -D -t [fd00:96::10]:80",
       // And a jump that is there twice.
       "iptables -t nat -A OUTPUT -m comment --comment 'kubernetes service portals' "
       "-j KUBE-SERVICES"});
  EXPECT_EQ(lab().clean_up(), 1);
  EXPECT_THAT(lab().log(), HasSubstr("KUBE-CLUSTER-IP"));
  EXPECT_THAT(lab().log(), HasSubstr("KUBE-MARK-MASQ"));
  EXPECT_EQ(lab().ipvs(), "");
  EXPECT_THAT(lab().sets(), HasSubstr("create KUBE-CLUSTER-IP "));
  EXPECT_THAT(lab().sets(), Not(HasSubstr("KUBE-6-")));
  EXPECT_THAT(lab().sets(), Not(HasSubstr("KUBE-LOOP-BACK")));
  EXPECT_THAT(lab().rules(base::Family::kIpv4), Not(HasSubstr(":KUBE-")));
  EXPECT_THAT(lab().rules(base::Family::kIpv6), HasSubstr("-A FOREIGN -j KUBE-MARK-MASQ"));
  EXPECT_THAT(lab().rules(base::Family::kIpv6), Not(HasSubstr(":KUBE-SERVICES")));

  run({"iptables -F FOREIGN", "ip6tables -t nat -F FOREIGN"});
  EXPECT_EQ(lab().clean_up(), 0) << lab().log();
  EXPECT_EQ(lab().sets(), "");
  EXPECT_THAT(lab().rules(base::Family::kIpv6), Not(HasSubstr(":KUBE-")));
}

}  // namespace
}  // namespace kernel_test
