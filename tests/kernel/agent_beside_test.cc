// Two on one node: a shadow beside whoever works, and a proxy that undoes what the agent does.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/kernel/agent_fixture.h"

namespace kernel_test {
namespace {

using base::Protocol;
using ::testing::AllOf;
using ::testing::HasSubstr;

const std::vector<ServicePort> kTcpPort = {{Protocol::kTcp, 80, kServerPort}};

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t times = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++times;
  }
  return times;
}

class AgentBeside : public AgentTest {
 protected:
  // All that the kernel holds of a network, by every tool that could show a trace.
  std::string whole_kernel() {
    return lab().everything() +
           lab().tool({"sh", "-c",
                       "{ nft -s list ruleset; ip -o addr; ip -o link; ip rule; "
                       "ip route show table all; ipvsadm -L --timeout; "
                       "iptables-legacy-save -t filter | sed 's/ .[0-9:]*.$//'; "
                       "sysctl net.ipv4.ip_forward net.ipv4.vs net.ipv4.conf.all net.netfilter; } "
                       "2>/dev/null | grep -v -e nf_conntrack_count -e '^#'"});
  }
  static bool says(lab::Process& process, const std::string& text) {
    return eventually(
        [&] { return (process.out() + process.err()).find(text) != std::string::npos; });
  }
};

TEST_F(AgentBeside, AShadowWritesNothingToANodeThatHasNothing) {
  serve("web", {ip("10.96.0.10"), ip("fd00:96::10")}, kTcpPort, {"pod-0", "remote-0"});
  lab().configure({"clusterCIDR: 10.244.0.0/16,fd00:10:244::/48",
                   "ipvs: {strictARP: true, tcpTimeout: 700s, scheduler: lc}",
                   "ipvsAgent: {auditPeriod: 5s}"});
  (void)whole_kernel();  // looking loads modules
  const std::string before = whole_kernel();
  lab::Process shadow = lab().start_beside({"--shadow"});
  ASSERT_TRUE(says(shadow, "shadow: differs cause=start")) << shadow.err();
  EXPECT_THAT(shadow.err(), AllOf(HasSubstr("ip link add kube-ipvs0 type dummy"),
                                  HasSubstr("ipset create KUBE-")));
  lab().put(make_slice("web", "v4", kTcpPort, {endpoint("pod-1")}));
  EXPECT_TRUE(says(shadow, "cause=change"));
  EXPECT_TRUE(says(shadow, "shadow: differs cause=audit"));
  EXPECT_THAT(lab().tool({"curl", "-sS", "http://127.0.0.1:10356/healthz"}),
              HasSubstr("shadow mode: this agent programs nothing"));
  EXPECT_THAT(lab().tool({"curl", "-sS", "http://127.0.0.1:10349/metrics"}),
              HasSubstr("ipvs_agent_shadow_differences{table=\"ipvs\"} "));
  shadow.signal(SIGTERM);
  EXPECT_TRUE(shadow.wait(kPatience).ok());
  EXPECT_EQ(whole_kernel(), before);
}

TEST_F(AgentBeside, AShadowBesideAnAgentThatWorksFindsNothing) {
  serve("web", {ip("10.96.0.10"), ip("fd00:96::10")}, kTcpPort, {"pod-0", "remote-0"});
  lab().configure({"clusterCIDR: 10.244.0.0/16,fd00:10:244::/48", "ipvsAgent: {auditPeriod: 5s}"});
  ASSERT_TRUE(lab().start());
  const std::string before = lab().everything();
  lab::Process shadow = lab().start_beside({"--shadow"});
  EXPECT_TRUE(says(shadow, "shadow: nothing differs cause=start")) << shadow.err();
  EXPECT_EQ(lab().everything(), before);
  // Both hear of a change; the one that works makes it, and in the end they agree.
  lab().put(make_slice("web", "v4", kTcpPort, {endpoint("pod-1"), endpoint("remote-0")}));
  EXPECT_TRUE(in_kernel("-r 10.244.1.12:8080 -m -w 1"));
  const auto of_shadow = [&](const std::string& metric, const std::string& labels) {
    return lab::metric_in(lab().tool({"curl", "-sS", "http://127.0.0.1:10349/metrics"}), metric,
                          labels);
  };
  const auto audits = [&] {
    return of_shadow("ipvs_agent_round_duration_seconds_count", "cause=\"audit\"").value_or(0);
  };
  const double before_these = audits();
  EXPECT_TRUE(eventually([&] { return audits() >= before_these + 2; }));
  EXPECT_TRUE(eventually([&] { return of_shadow("ipvs_agent_shadow_differences", "") == 0.0; }));
  EXPECT_TRUE(lab().running());
  EXPECT_EQ(lab().metric("ipvs_agent_drift_repaired_total").value_or(0), 0);
}

TEST_F(AgentBeside, AShadowTellsOfOtherTimeoutsUntilTheyAreSet) {
  serve("web", {ip("10.96.0.10")}, kTcpPort, {"pod-0"});
  lab().configure({"clusterCIDR: 10.244.0.0/16", "ipvs: {tcpTimeout: 700s, udpTimeout: 250s}",
                   "ipvsAgent: {auditPeriod: 5s}"});
  ASSERT_TRUE(lab().start());
  ASSERT_EQ(lab().tool({"ipvsadm", "--set", "800", "0", "250"}), "");
  const std::string before = lab().tool({"ipvsadm", "-L", "--timeout"});
  lab::Process shadow = lab().start_beside({"--shadow"});
  EXPECT_TRUE(says(shadow, "commands=\"ipvsadm --set 700 0 250\"")) << shadow.err();
  EXPECT_EQ(lab().tool({"ipvsadm", "-L", "--timeout"}), before);
  ASSERT_EQ(lab().tool({"ipvsadm", "--set", "700", "0", "0"}), "");
  EXPECT_TRUE(says(shadow, "shadow: nothing differs cause=audit")) << shadow.err();
}

TEST_F(AgentBeside, AnotherProxyIsNamedOnceAndNotFoughtAtFullSpeed) {
  serve("web", {ip("10.96.0.10")}, kTcpPort, {"pod-0"});
  lab().configure({"clusterCIDR: 10.244.0.0/16", "ipvsAgent: {auditPeriod: 1s}"});
  {
    auto other = lab().node().start(
        {"sh", "-c", "cp \"$(command -v sleep)\" \"$0/kube-proxy\" && exec \"$0/kube-proxy\" 1000",
         lab().api().folder()});
    ASSERT_TRUE(other.ok()) << other.status().message();
    const std::string id = std::to_string(other->pid());
    ASSERT_TRUE(eventually([&] {
      return lab().tool({"cat", "/proc/" + id + "/comm"}) == "kube-proxy\n";
    }));
    ASSERT_TRUE(lab().start());
    EXPECT_THAT(lab().log(), AllOf(HasSubstr("degraded what=kube-proxy"),
                                   HasSubstr("in this network namespace, as process " + id)));
    EXPECT_TRUE(eventually([&] { return lab().metric("ipvs_agent_other_proxy") == 1.0; }));
    EXPECT_TRUE(in_kernel("-A -t 10.96.0.10:80"));
  }
  {
    auto other = lab().node().start(
        {"sh", "-c",
         "while :; do ipvsadm -e -t 10.96.0.10:80 -r 10.244.1.11:8080 -m -w 7; sleep 0.3; done"});
    ASSERT_TRUE(other.ok()) << other.status().message();
    EXPECT_TRUE(eventually(
        [&] { return lab().log().find("degraded what=\"another proxy\"") != std::string::npos; }));
    EXPECT_THAT(lab().tool({"curl", "-sS", "http://127.0.0.1:10256/healthz"}),
                AllOf(HasSubstr("\"healthy\":true"), HasSubstr("TCP 10.96.0.10:80")));
    EXPECT_TRUE(eventually([&] { return lab().metric("ipvs_agent_repairs_held") == 1.0; }));
    EXPECT_LE(lab().metric("ipvs_agent_drift_repaired_total").value_or(0), 5);
  }
  // It has gone: the thing is put right once it is due, and stays so.
  EXPECT_TRUE(in_kernel("-r 10.244.1.11:8080 -m -w 1"));
  EXPECT_EQ(count(lab().log(), "degraded what=\"another proxy\""), 1u);
}

}  // namespace
}  // namespace kernel_test
