// The configuration file as clusters have it: a ConfigMap volume that the kubelet swaps under the
// running agent, and kubeadm's own file.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/kernel/agent_fixture.h"
#include "tests/kernel/steady_load.h"

namespace kernel_test {
namespace {

using base::Protocol;
using lab::Connection;
using lab::Target;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

namespace fs = std::filesystem;

const std::vector<ServicePort> kTcpPort = {{Protocol::kTcp, 80, kServerPort}};

class AgentLive : public AgentTest {
 protected:
  // As the kubelet does: a new folder, then one rename of the link ..data.
  void mount(const std::string& lines) {
    fs::path volume = fs::path(lab().api().folder()) / "volume";
    std::string version = "..2026_" + std::to_string(++versions_);
    fs::create_directories(volume / version);
    std::ofstream(volume / version / "config.conf")
        << "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
        << "mode: ipvs\nhostnameOverride: " << kNodeName
        << "\nclientConnection:\n  kubeconfig: " << lab().api().kubeconfig()
        << "\nclusterCIDR: 10.244.0.0/16\n"
        << lines;
    fs::create_symlink(version, volume / "..data_tmp");
    fs::rename(volume / "..data_tmp", volume / "..data");
    if (versions_ == 1) fs::create_symlink("..data/config.conf", volume / "config.conf");
    if (versions_ > 1) fs::remove_all(volume / ("..2026_" + std::to_string(versions_ - 1)));
    lab().use_config(volume / "config.conf");
  }
  bool logged(const std::string& text) {
    return eventually([&] { return lab().log().find(text) != std::string::npos; });
  }
  std::string health() {
    return lab().tool({"curl", "-sS", "--max-time", "20", "http://127.0.0.1:10256/healthz"});
  }

  int versions_ = 0;
};

TEST_F(AgentLive, FollowsAConfigMapWithoutLosingAConnection) {
  serve("web", {ip("10.96.0.10")}, kTcpPort, {"pod-0", "remote-0"});
  mount("ipvs: {scheduler: rr}\n");
  ASSERT_TRUE(lab().start());
  const Target web{Protocol::kTcp, ip("10.96.0.10"), 80};
  auto connection = Connection::open(network().client(0), web);
  ASSERT_TRUE(connection.ok()) << connection.status().message();
  auto first = connection->ask();
  ASSERT_TRUE(first.ok()) << first.status().message();
  // Between two schedulers a virtual server has none: the kernel unbinds the old one, waits until
  // nobody uses it (synchronize_rcu()) and binds the new one (ip_vs_edit_service()). A connection
  // that begins then is refused (ip_vs_schedule() finds no real server, ip_vs_leave() answers "port
  // unreachable"). There is no other request that exchanges them.
  SteadyLoad load(web, {.retry_refused = true});
  load.add_client(network().client(1));

  mount("ipvs: {scheduler: wlc, tcpTimeout: 700s}\niptables: {masqueradeAll: true}\n");
  EXPECT_TRUE(in_kernel("-A -t 10.96.0.10:80 -s wlc"));
  EXPECT_TRUE(logged("configuration file read again"));
  EXPECT_THAT(lab().tool({"ipvsadm", "-L", "--timeout"}), HasSubstr("700"));
  EXPECT_THAT(lab().log(), HasSubstr("applied cause=configuration"));
  const std::string right = lab().everything();

  // A wrong file, and a key that takes a restart: named, and nothing changes.
  mount("ipvs: {scheduler: best}\n");
  EXPECT_TRUE(logged("config.conf:8: ipvs.scheduler: found"));
  EXPECT_EQ(lab().everything(), right);
  EXPECT_TRUE(eventually([&] { return lab().metric("ipvs_agent_config_in_force") == 0.0; }));
  EXPECT_THAT(health(), AllOf(HasSubstr("\"healthy\":true"), HasSubstr("\"warnings\":[")));
  mount(
      "ipvs: {scheduler: wlc, tcpTimeout: 700s}\niptables: {masqueradeAll: true}\n"
      "healthzBindAddress: 0.0.0.0:9999\n");
  EXPECT_TRUE(logged("healthzBindAddress: the file has"));
  EXPECT_TRUE(eventually([&] { return lab().metric("ipvs_agent_config_keys_waiting") == 1.0; }));
  EXPECT_THAT(health(), HasSubstr("healthzBindAddress"));
  EXPECT_EQ(lab().everything(), right);

  mount("ipvs: {scheduler: lc}\n");
  EXPECT_TRUE(in_kernel("-A -t 10.96.0.10:80 -s lc"));
  EXPECT_TRUE(eventually([&] { return lab().metric("ipvs_agent_config_in_force") == 1.0; }));
  auto again = connection->ask();
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_EQ(again->server, first->server);
  load.stop();
  EXPECT_THAT(load.failures(), IsEmpty());
  EXPECT_GT(load.answered(), 10);
  RecordProperty("refused_between_schedulers", load.refused());
}

TEST_F(AgentLive, TakesKubeadmsFileUnchanged) {
  serve("web", {ip("10.96.0.10")}, kTcpPort, {"remote-0"});
  lab().use_config(IPVS_AGENT_SOURCE_DIR "/tests/kernel/kubeadm-1.36.conf");
  // Where kubeadm's DaemonSet mounts its ConfigMap.
  lab().launch({"unshare", "--mount", "sh", "-c",
                "mkdir -p /var/lib/kube-proxy && mount -t tmpfs none /var/lib/kube-proxy && cp " +
                    lab().api().kubeconfig() +
                    " /var/lib/kube-proxy/kubeconfig.conf && exec \"$@\"",
                "sh"});
  ASSERT_TRUE(logged("in step with the API"));
  EXPECT_THAT(lab().log(),
              AllOf(Not(HasSubstr("kubeadm-1.36.conf")), Not(HasSubstr("does nothing"))));
  auto reply = lab::request(network().client(0), {Protocol::kTcp, ip("10.96.0.10"), 80});
  ASSERT_TRUE(reply.ok()) << reply.status().message();
  EXPECT_EQ(reply->server, "remote-0");
}

TEST_F(AgentLive, InitOnlySetsTheKernelsSettingsAndWritesNothingElse) {
  // The limit of tracked connections is the machine's, and this namespace may not set it.
  lab().configure({"conntrack: {maxPerCore: 0}"});
  const std::string before = lab().everything();
  ASSERT_TRUE(lab().node().set_sysctl("net/ipv4/vs/conntrack", "0").ok());
  lab::Process init = lab().start_beside({"--init-only"});
  auto status = init.wait(kPatience);
  ASSERT_TRUE(status.ok()) << init.err();
  EXPECT_EQ(*status, 0) << init.err();
  EXPECT_EQ(*lab().node().sysctl("net/ipv4/vs/conntrack"), "1");
  EXPECT_EQ(lab().everything(), before);
}

}  // namespace
}  // namespace kernel_test
