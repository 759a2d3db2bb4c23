// A host that lacks something, or has too much of it: a clear sentence, and an end or a way on.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/kernel/agent_fixture.h"
#include "tests/kernel/steady_load.h"

namespace kernel_test {
namespace {

using base::Protocol;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<ServicePort> kTcpPort = {{Protocol::kTcp, 80, kServerPort}};

class AgentHostFaults : public AgentTest {
 protected:
  void SetUp() override {
    serve("web", {ip("10.96.0.10")}, kTcpPort, {"pod-0", "remote-0"});
    lab().configure({"clusterCIDR: 10.244.0.0/16"});
  }
};

TEST_F(AgentHostFaults, WhatIsMissingIsNamedAndNothingIsTouched) {
  std::string before = lab().everything();
  lab().launch({"setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-all"});
  EXPECT_EQ(lab().wait_for_end(), 1);
  EXPECT_THAT(lab().log(), AllOf(HasSubstr("cannot run"), HasSubstr("CAP_NET_ADMIN")));
  EXPECT_EQ(lab().everything(), before);

  // The folders where it looks are empty for it.
  lab().launch({"unshare", "--mount", "sh", "-c",
                "mount -t tmpfs none /usr/sbin && mount -t tmpfs none /sbin && exec \"$@\"", "sh"});
  EXPECT_EQ(lab().wait_for_end(), 1);
  EXPECT_THAT(lab().log(), AllOf(HasSubstr("cannot run"), HasSubstr("iptables")));
  EXPECT_EQ(lab().everything(), before);

  lab().launch({}, "/nowhere/kubeconfig");
  EXPECT_EQ(lab().wait_for_end(), 1);
  EXPECT_THAT(lab().log(), HasSubstr("/nowhere/kubeconfig"));
  EXPECT_EQ(lab().everything(), before);
}

TEST_F(AgentHostFaults, ASecondAgentEndsAndTheFirstGoesOn) {
  ASSERT_TRUE(lab().start());
  std::string before = lab().everything();
  SteadyLoad load({Protocol::kTcp, ip("10.96.0.10"), 80});
  load.add_client(network().client(0));
  auto second = lab().start_beside();
  auto status = second.wait(kPatience);
  ASSERT_TRUE(status.ok()) << status.status().message();
  EXPECT_EQ(*status, 1);
  EXPECT_THAT(second.out() + second.err(), HasSubstr("another ipvs-agent runs"));
  EXPECT_EQ(lab().everything(), before);
  lab().put(make_slice("web", "v4", kTcpPort, {endpoint("pod-0"), endpoint("remote-1")}));
  EXPECT_TRUE(in_kernel("-r 10.244.12.2:8080 -m -w 1"));
  load.stop();
  EXPECT_THAT(load.failures(), IsEmpty());
}

TEST_F(AgentHostFaults, SetsWithOtherParametersAreReplacedOrLeftOutWhereInUse) {
  // Of another type and free; of another type and held by somebody's rule; only larger.
  (void)lab().tool({"ipset", "create", "KUBE-LOOP-BACK", "hash:ip"});
  (void)lab().tool({"ipset", "create", "KUBE-EXTERNAL-IP", "hash:ip"});
  (void)lab().tool({"ipset", "add", "KUBE-EXTERNAL-IP", "192.0.2.55"});
  (void)lab().tool({"iptables", "-A", "INPUT", "-m", "set", "--match-set", "KUBE-EXTERNAL-IP",
                    "src", "-j", "ACCEPT"});
  (void)lab().tool(
      {"ipset", "create", "KUBE-CLUSTER-IP", "hash:ip,port", "maxelem", "2048", "comment"});
  ASSERT_TRUE(lab().start());
  EXPECT_TRUE(eventually(
      [&] { return lab().log().find("ipset destroy KUBE-EXTERNAL-IP") != std::string::npos; }));
  EXPECT_THAT(lab().sets(), HasSubstr("create KUBE-LOOP-BACK hash:ip,port,ip"));
  EXPECT_THAT(lab().sets(), HasSubstr("add KUBE-EXTERNAL-IP 192.0.2.55"));
  EXPECT_THAT(lab().sets(), HasSubstr("add KUBE-CLUSTER-IP 10.96.0.10,tcp:80"));
  auto reply = lab::request(network().client(0), {Protocol::kTcp, ip("10.96.0.10"), 80});
  ASSERT_TRUE(reply.ok()) << reply.status().message();
  EXPECT_NE(reply->peer, lab::Topology::client_address(0, base::Family::kIpv4));
}

// Requests, handshakes, rounds and a read of the rules may be under way then.
TEST_F(AgentHostFaults, EndsCleanlyAtWhateverMomentItIsAsked) {
  constexpr int kRuns = 4;
  for (const char* moment : {"server listens", "started", "in step with the API"}) {
    for (int run = 0; run < kRuns; ++run) {
      SCOPED_TRACE(std::string(moment) + ", run " + std::to_string(run));
      lab().launch();
      ASSERT_TRUE(eventually([&] { return lab().log().find(moment) != std::string::npos; }));
      std::this_thread::sleep_for(run * std::chrono::milliseconds(15));
      EXPECT_EQ(lab().stop(), 0);
      EXPECT_THAT(lab().log(), HasSubstr("stopped; what the kernel holds stays"));
    }
  }
  ASSERT_TRUE(lab().start());
  lab().api_leaves();
  EXPECT_EQ(lab().stop(), 0);
}

// Takes the module out of the kernel, so only in a guest of our own.
TEST_F(AgentHostFaults, AKernelWithoutIpvsIsNamed) {
  if (std::getenv("LAB_HOST_ADDRESS") == nullptr) {  // NOLINT(concurrency-mt-unsafe)
    GTEST_SKIP() << "would unload ip_vs of this machine; runs in the lab's guest";
  }
  std::string loader = lab().tool({"cat", "/proc/sys/kernel/modprobe"});
  loader.erase(loader.find_last_not_of('\n') + 1);
  auto set_loader = [&](const std::string& path) {
    (void)lab().tool({"sh", "-c", "echo " + path + " > /proc/sys/kernel/modprobe"});
  };
  // The namespaces of the tests before this one go when the kernel comes round to them.
  ASSERT_TRUE(eventually([&] {
    (void)lab().node().execute(
        {"sh", "-c",
         "modprobe -r xt_ipvs; awk '/^ip_vs_/{print $1}' /proc/modules | xargs -r -n1 rmmod;"
         "rmmod ip_vs"});
    return lab().tool({"cat", "/proc/modules"}).find("ip_vs") == std::string::npos;
  })) << lab().tool({"cat", "/proc/modules"});
  set_loader("/bin/false");
  lab().launch();
  EXPECT_EQ(lab().wait_for_end(), 1);
  EXPECT_THAT(lab().log(), AllOf(HasSubstr("cannot run"), HasSubstr("modprobe ip_vs")));
  set_loader(loader);
  (void)lab().tool({"modprobe", "ip_vs"});
  EXPECT_TRUE(lab().start());
}

}  // namespace
}  // namespace kernel_test
