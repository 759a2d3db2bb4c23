#include "agent/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace agent {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

base::Result<CommandLine> parse(std::vector<std::string> arguments) {
  return parse_command_line(arguments);
}

// A configuration file that lives as long as the test.
class CommandLineWithFile : public testing::Test {
 protected:
  CommandLineWithFile() {
    std::ofstream(path_)
        << "apiVersion: kubeproxy.config.k8s.io/v1alpha1\n"
           "kind: KubeProxyConfiguration\nmode: ipvs\nhostnameOverride: from-file\n"
           "ipvs: {scheduler: lc}\nclusterCIDR: 10.0.0.0/8\n";
  }
  ~CommandLineWithFile() override { std::remove(path_.c_str()); }
  const std::string path_ = testing::TempDir() + "command_line_test." +
                            testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST(CommandLine, FlagsFillTheSameConfiguration) {
  base::Result<CommandLine> line =
      parse({"--proxy-mode=ipvs", "--ipvs-scheduler", "wlc", "--cluster-cidr=10.0.0.0/8",
             "--masquerade-all", "--ipvs-strict-arp=true", "--ipvs-sync-period=1m",
             "--nodeport-addresses=10.0.0.0/8,192.0.2.0/24", "--nodeport-addresses=fd00::/8",
             "--iptables-masquerade-bit=3", "--oom-score-adj", "-500", "-v", "4",
             "--hostname_override=Node-A", "--kubeconfig=/k", "--master=https://[fd00::1]:6443",
             "--drain-timeout=0s", "--conntrack-tcp-timeout-established=2h"});
  ASSERT_TRUE(line.ok()) << line.status().message();
  const Configuration& configuration = line->loaded.configuration;
  EXPECT_EQ(line->action, Action::kRun);
  EXPECT_EQ(line->master, "https://[fd00::1]:6443");
  EXPECT_EQ(configuration.ipvs.scheduler, "wlc");
  EXPECT_TRUE(configuration.iptables.masquerade_all);
  EXPECT_TRUE(configuration.ipvs.strict_arp);
  EXPECT_EQ(configuration.ipvs.sync_period, 60s);
  EXPECT_EQ(configuration.node_port_addresses.cidrs.size(), 3u);
  EXPECT_EQ(configuration.iptables.masquerade_bit, 3);
  EXPECT_EQ(configuration.oom_score_adj, -500);
  EXPECT_EQ(configuration.logging.verbosity, 4);
  EXPECT_EQ(configuration.hostname_override, "node-a");
  EXPECT_EQ(configuration.client_connection.kubeconfig, "/k");
  EXPECT_EQ(configuration.ipvs_agent.drain_timeout, 0s);
  EXPECT_EQ(configuration.conntrack.tcp_established_timeout, 2h);
  EXPECT_EQ(line->loaded.origins.at("ipvs.scheduler"), Origin::kFlag);
  EXPECT_THAT(line->loaded.warnings, IsEmpty());
  EXPECT_THAT(line->loaded.notices, IsEmpty());
}

TEST(CommandLine, TheLastOfRepeatedFlagsCounts) {
  base::Result<CommandLine> line =
      parse({"--v=1", "--v", "5", "--ipvs-scheduler=rr", "--ipvs-scheduler=sh"});
  ASSERT_TRUE(line.ok()) << line.status().message();
  EXPECT_EQ(line->loaded.configuration.logging.verbosity, 5);
  EXPECT_EQ(line->loaded.configuration.ipvs.scheduler, "sh");
}

TEST(CommandLine, AnEmptyOrZeroPortServesNothing) {
  base::Result<CommandLine> line = parse({"--healthz-bind-address=", "--metrics-port=0"});
  ASSERT_TRUE(line.ok()) << line.status().message();
  EXPECT_EQ(line->loaded.configuration.healthz_bind_address, std::nullopt);
  EXPECT_EQ(line->loaded.configuration.metrics_bind_address, std::nullopt);
  line = parse({"--healthz-bind-address", "", "--metrics-port", "99", "--bind-address", "fd00::1"});
  ASSERT_TRUE(line.ok()) << line.status().message();
  EXPECT_EQ(line->loaded.configuration.healthz_bind_address, std::nullopt);
  EXPECT_EQ(to_string(*line->loaded.configuration.metrics_bind_address), "[::1]:99");
}

TEST(CommandLine, TheStatusPageIsOffByDefaultAndOnTheLoopbackOnly) {
  base::Result<CommandLine> line = parse({});
  ASSERT_TRUE(line.ok()) << line.status().message();
  EXPECT_EQ(line->loaded.configuration.ipvs_agent.status_page, std::nullopt);
  for (const auto& [text, where] :
       {std::pair{"127.0.0.1", "127.0.0.1:10266"}, std::pair{"127.0.0.2:80", "127.0.0.2:80"},
        std::pair{"::1", "[::1]:10266"}, std::pair{"[::1]:99", "[::1]:99"}}) {
    line = parse({"--status-page", text});
    ASSERT_TRUE(line.ok()) << line.status().message();
    EXPECT_EQ(to_string(*line->loaded.configuration.ipvs_agent.status_page), where);
  }
  for (const char* none : {"", "127.0.0.1:0"}) {
    line = parse({"--status-page", none});
    ASSERT_TRUE(line.ok()) << line.status().message();
    EXPECT_EQ(line->loaded.configuration.ipvs_agent.status_page, std::nullopt);
  }
  for (const char* wrong : {"0.0.0.0:10266", "[::]:10266", "10.0.0.7:10266", "localhost:10266",
                            "10266", "true", "[fe80::1]:80"}) {
    EXPECT_THAT(parse({"--status-page", wrong}).status().message(),
                AllOf(HasSubstr("--status-page: found \"" + std::string(wrong) + "\"; allowed: "),
                      HasSubstr("of this node's loopback, such as 127.0.0.1:10266"),
                      HasSubstr("ssh -L or kubectl port-forward")));
  }
  // As the other ports, it leaves its place to the agent that works.
  line = parse({"--shadow", "--status-page=127.0.0.1"});
  ASSERT_TRUE(line.ok()) << line.status().message();
  EXPECT_EQ(line->loaded.configuration.ipvs_agent.status_page->port, 10366);
}

TEST(CommandLine, NamesEveryWrongValue) {
  base::Result<CommandLine> line =
      parse({"--proxy-mode=iptables", "--ipvs-scheduler=best", "--ipvs-sync-period=0s"});
  ASSERT_FALSE(line.ok());
  EXPECT_THAT(line.status().message(),
              AllOf(HasSubstr("--proxy-mode: found \"iptables\"; allowed: ipvs ("),
                    HasSubstr("--ipvs-scheduler: found \"best\"; allowed: one of "),
                    HasSubstr("--ipvs-sync-period: found \"0s\"; allowed: a duration above 0s")));
}

TEST(CommandLine, RefusesUnknownFlagsMissingValuesAndWords) {
  EXPECT_THAT(parse({"--frobnicate"}).status().message(), HasSubstr("--frobnicate"));
  EXPECT_THAT(parse({"run"}).status().message(), HasSubstr("\"run\" is no flag"));
  EXPECT_THAT(parse({"--ipvs-scheduler"}).status().message(), HasSubstr("--ipvs-scheduler"));
  EXPECT_FALSE(parse({"--cleanup=perhaps"}).ok());
}

TEST(CommandLine, KnowsWhatToDo) {
  EXPECT_EQ(parse({})->action, Action::kRun);
  EXPECT_EQ(parse({"--version"})->action, Action::kPrintVersion);
  EXPECT_EQ(parse({"--version=false"})->action, Action::kRun);
  EXPECT_EQ(parse({"--cleanup"})->action, Action::kCleanup);
  EXPECT_EQ(parse({"--init-only"})->action, Action::kInitOnly);
  base::Result<CommandLine> write = parse({"--write-config-to", "/tmp/x"});
  EXPECT_EQ(write->action, Action::kWriteConfig);
  EXPECT_EQ(write->write_config_to, "/tmp/x");
  base::Result<CommandLine> help = parse({"--help", "--config=/nowhere"});
  EXPECT_EQ(help->action, Action::kPrintHelp);
  EXPECT_THAT(help->help, AllOf(HasSubstr("--ipvs-scheduler"), HasSubstr("--config"),
                                Not(HasSubstr("--log-dir"))));
}

TEST(CommandLine, AcceptsFlagsThatDoNothing) {
  base::Result<CommandLine> line = parse(
      {"--logtostderr", "--alsologtostderr=false", "--feature-gates=A=true,B=false",
       "--iptables-sync-period=10s", "--cluster-cidr=10.0.0.0/8", "--nodeport-addresses=primary"});
  ASSERT_TRUE(line.ok()) << line.status().message();
  EXPECT_THAT(line->loaded.notices, ElementsAre(HasSubstr("--feature-gates: does nothing"),
                                                HasSubstr("--iptables-sync-period: does nothing"),
                                                HasSubstr("--logtostderr: does nothing")));
}

TEST(CommandLine, NoticesWhatIsProbablyNotMeant) {
  EXPECT_THAT(parse({})->loaded.notices, ElementsAre(HasSubstr("clusterCIDR: is empty"),
                                                     HasSubstr("nodePortAddresses: is empty")));
}

TEST_F(CommandLineWithFile, FlagsBesideAFileAreIgnoredAndNamed) {
  base::Result<CommandLine> line =
      parse({"--config", path_, "--ipvs-scheduler=wlc", "--masquerade-all", "--hostname-override=b",
             "--v=6", "--master=http://x"});
  ASSERT_TRUE(line.ok()) << line.status().message();
  EXPECT_EQ(line->config_path, path_);
  EXPECT_EQ(line->master, "http://x");
  const Configuration& configuration = line->loaded.configuration;
  EXPECT_EQ(configuration.ipvs.scheduler, "lc");
  EXPECT_FALSE(configuration.iptables.masquerade_all);
  EXPECT_EQ(configuration.hostname_override, "b");
  EXPECT_EQ(configuration.logging.verbosity, 6);
  EXPECT_EQ(line->loaded.origins.at("hostnameOverride"), Origin::kFlag);
  EXPECT_EQ(line->loaded.origins.at("ipvs.scheduler"), Origin::kFile);
  EXPECT_THAT(line->loaded.warnings,
              ElementsAre("flags ignored because --config is given: --masquerade-all, "
                          "--ipvs-scheduler; set their keys in the file instead"));
}

TEST(CommandLine, NamesAFileThatCannotBeRead) {
  EXPECT_THAT(parse({"--config=/nowhere/x"}).status().message(), HasSubstr("/nowhere/x"));
}

}  // namespace
}  // namespace agent
