#include "agent/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "agent/config_keys.h"

namespace agent {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kHead =
    "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";

// What kubeadm writes to the ConfigMap kube-system/kube-proxy, with the mode and the pod network
// that a user chose.
const char kKubeadm[] = R"(apiVersion: kubeproxy.config.k8s.io/v1alpha1
bindAddress: 0.0.0.0
bindAddressHardFail: false
clientConnection:
  acceptContentTypes: ""
  burst: 0
  contentType: ""
  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
  qps: 0
clusterCIDR: 10.244.0.0/16,fd00:10:244::/56
configSyncPeriod: 0s
conntrack:
  maxPerCore: null
  min: null
  tcpBeLiberal: false
  tcpCloseWaitTimeout: null
  tcpEstablishedTimeout: null
  udpStreamTimeout: 0s
  udpTimeout: 0s
detectLocal:
  bridgeInterface: ""
  interfaceNamePrefix: ""
detectLocalMode: ""
enableProfiling: false
healthzBindAddress: ""
hostnameOverride: ""
iptables:
  localhostNodePorts: null
  masqueradeAll: false
  masqueradeBit: null
  minSyncPeriod: 0s
  syncPeriod: 0s
ipvs:
  excludeCIDRs: null
  minSyncPeriod: 0s
  scheduler: "lc"
  strictARP: true
  syncPeriod: 0s
  tcpFinTimeout: 0s
  tcpTimeout: 15m0s
  udpTimeout: 0s
kind: KubeProxyConfiguration
logging:
  flushFrequency: 0
  options:
    json:
      infoBufferSize: "0"
    text:
      infoBufferSize: "0"
  verbosity: 0
metricsBindAddress: ""
mode: ipvs
nftables:
  masqueradeAll: false
  masqueradeBit: null
  minSyncPeriod: 0s
  syncPeriod: 0s
nodePortAddresses: null
oomScoreAdj: null
portRange: ""
showHiddenMetricsForVersion: ""
winkernel:
  enableDSR: false
  forwardHealthCheckVip: false
  networkName: ""
  rootHnsEndpointName: ""
  sourceVip: ""
)";

TEST(ConfigFile, TakesWhatKubeadmWritesWithoutAWord) {
  base::Result<LoadedConfiguration> loaded = parse_config(kKubeadm, "config.conf");
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  EXPECT_THAT(loaded->warnings, IsEmpty());
  EXPECT_THAT(loaded->notices, IsEmpty());
  Configuration expected;
  expected.client_connection.kubeconfig = "/var/lib/kube-proxy/kubeconfig.conf";
  expected.cluster_cidr = {*base::IpPrefix::parse("10.244.0.0/16"),
                           *base::IpPrefix::parse("fd00:10:244::/56")};
  expected.ipvs.scheduler = "lc";
  expected.ipvs.strict_arp = true;
  expected.ipvs.tcp_timeout = 15min;
  EXPECT_EQ(loaded->configuration, expected);
  EXPECT_EQ(loaded->origins.at("ipvs.scheduler"), Origin::kFile);
  EXPECT_FALSE(loaded->origins.contains("ipvs.syncPeriod"));
}

TEST(ConfigFile, NamesUnknownAndRepeatedKeysInWarnings) {
  base::Result<LoadedConfiguration> loaded = parse_config(
      kHead +
          "clusterCIDR: 10.0.0.0/8\nipvs:\n  schedular: lc\n  tcpTimout: 1m\nscheduler: wlc\n"
          "frobnicate: {a: [1]}\nclusterCIDR: 10.1.0.0/16\n",
      "f");
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  EXPECT_THAT(
      loaded->warnings,
      ElementsAre("f:5: ipvs.schedular: is not a known key and ignored; was "
                  "ipvs.scheduler meant?",
                  "f:6: ipvs.tcpTimout: is not a known key and ignored; was "
                  "ipvs.tcpTimeout meant?",
                  "f:7: scheduler: is not a known key and ignored; was ipvs.scheduler meant?",
                  "f:8: frobnicate: is not a known key and ignored",
                  "f:9: clusterCIDR: is given twice; the last value counts"));
  EXPECT_EQ(loaded->configuration.cluster_cidr, std::vector{*base::IpPrefix::parse("10.1.0.0/16")});
}

TEST(ConfigFile, CollectsEveryWrongValueWithFileLineKeyFoundAndAllowed) {
  base::Result<LoadedConfiguration> loaded = parse_config(
      kHead +
          "iptables:\n  masqueradeBit: 32\nipvs:\n  syncPeriod: fast\n  scheduler: best\n"
          "  excludeCIDRs: 10.0.0.0/8\n  strictARP: maybe\nnodePortAddresses: [10.0.0.0/8, eth0]\n"
          "conntrack: 5\noomScoreAdj: {a: 1}\nclusterCIDR: 10.0.0.0/8,10.1.0.0/16\n"
          "healthzBindAddress: localhost:1\n",
      "/etc/x.conf");
  ASSERT_FALSE(loaded.ok());
  const std::string message = loaded.status().message();
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 9) << message;
  EXPECT_THAT(
      message,
      AllOf(HasSubstr("/etc/x.conf:4: iptables.masqueradeBit: found \"32\"; allowed: a whole "
                      "number, 0 to 31\n"),
            HasSubstr("/etc/x.conf:6: ipvs.syncPeriod: found \"fast\"; allowed: a duration"),
            HasSubstr("/etc/x.conf:7: ipvs.scheduler: found \"best\"; allowed: one of "),
            HasSubstr("/etc/x.conf:8: ipvs.excludeCIDRs: found \"10.0.0.0/8\"; allowed: a list"),
            HasSubstr("/etc/x.conf:9: ipvs.strictARP: found \"maybe\"; allowed: true or false"),
            HasSubstr("/etc/x.conf:10: nodePortAddresses: found \"eth0\"; allowed: "),
            HasSubstr("/etc/x.conf:11: conntrack: found a value; allowed: keys below it"),
            HasSubstr("/etc/x.conf:12: oomScoreAdj: found keys below it"),
            HasSubstr("/etc/x.conf:13: clusterCIDR: found \"10.0.0.0/8,10.1.0.0/16\"")));
}

TEST(ConfigFile, AcceptsTheEmptyModeWithANoteAndRefusesOtherModesWithARemedy) {
  base::Result<LoadedConfiguration> loaded = parse_config(kHead + "mode: \"\"\n", "f");
  ASSERT_TRUE(loaded.ok());
  EXPECT_THAT(loaded->notices, ElementsAre(HasSubstr("f:3: mode: is empty; kube-proxy would")));
  for (const char* mode : {"iptables", "nftables", "userspace"}) {
    loaded = parse_config(kHead + "mode: " + mode + "\n", "f");
    ASSERT_FALSE(loaded.ok());
    EXPECT_THAT(loaded.status().message(), AllOf(HasSubstr("f:3: mode: found"),
                                                 HasSubstr("run kube-proxy on this node instead")));
  }
}

TEST(ConfigFile, SaysWhyAKeyDoesNothing) {
  base::Result<LoadedConfiguration> loaded =
      parse_config(kHead +
                       "featureGates: {KubeProxyIPVS: true}\niptables: {syncPeriod: 10s}\n"
                       "nftables: {masqueradeBit: 3}\nclientConnection: {qps: 5}\n",
                   "f");
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  EXPECT_THAT(loaded->warnings, IsEmpty());
  EXPECT_THAT(loaded->notices, ElementsAre(HasSubstr("f:3: featureGates: does nothing: "),
                                           HasSubstr("f:4: iptables.syncPeriod: does nothing: "),
                                           HasSubstr("f:5: nftables: does nothing: ")));
}

TEST(ConfigFile, ChecksApiVersionAndKind) {
  base::Result<LoadedConfiguration> loaded = parse_config("apiVersion: v1\nkind: ConfigMap\n", "f");
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.status().message(),
            "f:1: apiVersion: found \"v1\"; allowed: kubeproxy.config.k8s.io/v1alpha1\n"
            "f:2: kind: found \"ConfigMap\"; allowed: KubeProxyConfiguration");
  EXPECT_FALSE(parse_config("mode: ipvs\n", "f").ok());
}

TEST(ConfigFile, RefusesTextThatIsNoConfiguration) {
  for (const char* text :
       {"", "just words", "- a\n- b\n", "a: [1\n", "a: 1\n---\nb: 2\n", "\x01", "a: &x [*x]\n"}) {
    base::Result<LoadedConfiguration> loaded = parse_config(text, "f");
    ASSERT_FALSE(loaded.ok()) << text;
    EXPECT_TRUE(loaded.status().message().starts_with("f")) << loaded.status().message();
  }
  EXPECT_THAT(parse_config("a: 1\nb: [1\n", "f").status().message(), HasSubstr("f: line "));
}

TEST(ConfigFile, FindsContradictions) {
  EXPECT_THAT(parse_config(kHead + "ipvs: {minSyncPeriod: 1m}\n", "f").status().message(),
              HasSubstr("ipvs.minSyncPeriod: found 1m0s; allowed: at most ipvs.syncPeriod"));
  EXPECT_THAT(parse_config(kHead + "detectLocalMode: BridgeInterface\n", "f").status().message(),
              HasSubstr("detectLocal.bridgeInterface: found nothing"));
}

TEST(ConfigFile, ServersFollowTheFamilyOfTheBindAddress) {
  base::Result<LoadedConfiguration> loaded =
      parse_config(kHead + "bindAddress: \"::\"\nmetricsBindAddress: 0.0.0.0\n", "f");
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(to_string(*loaded->configuration.healthz_bind_address), "[::]:10256");
  EXPECT_EQ(to_string(*loaded->configuration.metrics_bind_address), "0.0.0.0:10249");
  loaded = parse_config(kHead + "metricsBindAddress: 127.0.0.1:0\n", "f");
  EXPECT_EQ(loaded->configuration.metrics_bind_address, std::nullopt);
}

TEST(ConfigFile, NamesTheFileItCannotRead) {
  EXPECT_EQ(read_config_file("/nowhere/config.conf").status().code(), base::Code::kNotFound);
  EXPECT_THAT(read_config_file("/nowhere/config.conf").status().message(),
              HasSubstr("/nowhere/config.conf"));
  EXPECT_FALSE(read_config_file("/").ok());
}

TEST(ConfigFile, AnyTextIsAConfigurationOrAnErrorThatNamesTheFile) {
  std::mt19937 random(7);
  const std::string bytes = std::string("\0\n\t :-[]{}&*!|>'\"%@`#,?0a\x80\xff", 27);
  for (int round = 0; round < 1000; ++round) {
    std::string text = kKubeadm;
    for (std::uint64_t changes = 1 + random() % 6; changes > 0; --changes) {
      std::size_t place = random() % text.size();
      switch (random() % 3) {
        case 0: text[place] = bytes[random() % bytes.size()]; break;
        case 1: text.erase(place, random() % 20); break;
        default: text.insert(place, text.substr(random() % text.size(), random() % 40)); break;
      }
    }
    base::Result<LoadedConfiguration> loaded = parse_config(text, "f");
    EXPECT_TRUE(loaded.ok() || loaded.status().message().starts_with("f:")) << text;
  }
  for (const char* deep : {"[", "{a: ", "- "}) {
    std::string text;
    for (int depth = 0; depth < 20000; ++depth) text += deep;
    EXPECT_FALSE(parse_config(text, "f").ok());
  }
}

TEST(ConfigKeys, AreWellFormed) {
  std::set<std::string> paths;
  std::set<std::string> flags;
  for (const ConfigKey& key : config_keys()) {
    EXPECT_FALSE(key.path.empty() && key.flag.empty());
    EXPECT_TRUE(key.path.empty() || paths.insert(key.path).second) << key.path;
    EXPECT_TRUE(key.flag.empty() || flags.insert(key.flag).second) << key.flag;
    EXPECT_EQ(key.idle_reason.empty(), static_cast<bool>(key.store)) << key.path << key.flag;
    if (key.idle_reason.empty()) {
      EXPECT_FALSE(key.meaning.empty() || key.allowed.empty()) << key.path << key.flag;
    }
  }
}

}  // namespace
}  // namespace agent
