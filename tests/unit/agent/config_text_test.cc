#include "agent/config_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "agent/config_file.h"
#include "agent/config_keys.h"

namespace agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A configuration in which every key has a random one of some values that it allows.
Configuration random_configuration(std::mt19937& random) {
  const std::map<std::string, std::vector<ConfigValue>> special = {
      {"mode", {"ipvs"}},
      {"bindAddress", {"0.0.0.0", "192.0.2.1", "::", "fd00::7"}},
      {"healthzBindAddress", {"", "192.0.2.1:80", "[::]:1"}},
      {"metricsBindAddress", {"", "192.0.2.1:80", "[fd00::1]:1"}},
      {"clusterCIDR", {"", "10.0.0.0/8", "fd00::/48,10.0.0.0/9"}},
      {"detectLocalMode", {"ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix"}},
      {"detectLocal.bridgeInterface", {"br0"}},
      {"detectLocal.interfaceNamePrefix", {"veth", "cali"}},
      {"nodePortAddresses",
       {"primary", std::vector<std::string>{}, std::vector<std::string>{"10.0.0.0/8", "fd00::/8"}}},
      {"ipvs.syncPeriod", {"30s", "1h0m1.5s"}},
      {"ipvs.minSyncPeriod", {"0s", "250ms"}},
      {"ipvs.scheduler", {"rr", "wlc", "mh"}},
      {"ipvs.excludeCIDRs", {std::vector<std::string>{}, std::vector<std::string>{"10.0.0.0/8"}}},
      {"logging.format", {"text", "json"}},
      {"ipvsAgent.iptablesBackend", {"auto", "nft", "legacy"}},
      {"ipvsAgent.sysctlDirectory", {"/proc/sys", "/host/proc/sys"}},
      {"ipvsAgent.socket", {"", "/run/other/agent.sock"}},
      {"ipvsAgent.statusPage", {"", "127.0.0.1:10266", "[::1]:80"}},
      {"ipvsAgent.stateDirectory", {"", "/var/lib/ipvs-agent"}},
      {"ipvsAgent.ipsetMaxElements", {"65536", "1048576"}},
      {"ipvsAgent.insideTrafficMarkMask", {"0x0", "0x7fffff00"}},
      {"ipvsAgent.echoToServiceAddresses", {"reject", "answer", "drop"}},
      {"ipvsAgent.serviceMetricsTop", {"1", "100"}},
      {"ipvsAgent.serviceMetrics", {"none", "top", "selected", "all"}},
      {"ipvsAgent.serviceMetricsSelect",
       {std::vector<std::string>{}, std::vector<std::string>{"default/web", "*/dns-*"}}},
      {"clientConnection.kubeconfig", {"", "/etc/a b\"c\\d:#'.conf"}}};
  Configuration configuration;
  for (const ConfigKey& key : config_keys()) {
    if (key.path.empty() || !key.store) continue;
    std::vector<ConfigValue> values = {"1s", "2h0m7s"};
    if (key.type == ConfigType::kBool) values = {"true", "false"};
    if (key.type == ConfigType::kInteger) values = {"0", "7", "31"};
    if (auto place = special.find(key.path); place != special.end()) values = place->second;
    const ConfigValue& value = values[random() % values.size()];
    EXPECT_TRUE(key.store(value, configuration).ok()) << key.path;
  }
  return configuration;
}

TEST(ConfigText, WhatIsWrittenLoadsBackEqual) {
  std::mt19937 random(20);
  for (int round = 0; round < 300; ++round) {
    Configuration configuration = random_configuration(random);
    base::Result<LoadedConfiguration> loaded = parse_config(to_yaml(configuration), "written");
    ASSERT_TRUE(loaded.ok()) << loaded.status().message();
    EXPECT_EQ(loaded->configuration, configuration) << to_yaml(configuration);
    EXPECT_THAT(loaded->warnings, IsEmpty());
    EXPECT_THAT(loaded->notices, IsEmpty());
  }
}

TEST(ConfigText, DefaultsLoadBackEqual) {
  base::Result<LoadedConfiguration> loaded = parse_config(to_yaml(Configuration()), "written");
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  EXPECT_EQ(loaded->configuration, Configuration());
}

TEST(ConfigText, ConfigzIsJsonOfTheSameKeys) {
  std::string text = to_configz(Configuration());
  EXPECT_THAT(text, HasSubstr(R"({"kubeproxy.config.k8s.io":{"mode":"ipvs",)"));
  EXPECT_THAT(text, HasSubstr(R"("ipvs":{"syncPeriod":"30s","minSyncPeriod":"0s","scheduler":"rr",)"
                              R"("excludeCIDRs":[],"strictARP":false,)"));
}

TEST(ConfigText, DocumentationIsTheGeneratedText) {
  std::ifstream file(std::string(IPVS_AGENT_SOURCE_DIR) + "/docs/configuration.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string actual_path = testing::TempDir() + "configuration.md";
  std::ofstream(actual_path) << configuration_reference();
  EXPECT_TRUE(text.str() == configuration_reference())
      << "docs/configuration.md is not up to date: cp " << actual_path << " docs/configuration.md";
}

}  // namespace
}  // namespace agent
