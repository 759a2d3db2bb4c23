#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "agent/command_line.h"
#include "agent/config_file.h"
#include "agent/config_keys.h"

namespace agent {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct UpstreamKey {
  std::string_view path;
  std::string_view value;  // one that is not the default
};

// Every key of KubeProxyConfiguration, kubeproxy.config.k8s.io/v1alpha1, of Kubernetes 1.36, those
// of its logging and clientConnection included.
constexpr UpstreamKey kKeys[] = {
    {"featureGates", "{AllAlpha: true}"},
    {"clientConnection.kubeconfig", "/k"},
    {"clientConnection.acceptContentTypes", "application/json"},
    {"clientConnection.contentType", "application/json"},
    {"clientConnection.qps", "50"},
    {"clientConnection.burst", "100"},
    {"logging.format", "json"},
    {"logging.flushFrequency", "1s"},
    {"logging.verbosity", "4"},
    {"logging.vmodule", "[{filePattern: a, verbosity: 5}]"},
    {"logging.options.text.splitStream", "true"},
    {"logging.options.text.infoBufferSize", "1Ki"},
    {"logging.options.json.splitStream", "true"},
    {"logging.options.json.infoBufferSize", "1Ki"},
    {"hostnameOverride", "node-a"},
    {"bindAddress", "192.0.2.1"},
    {"healthzBindAddress", "192.0.2.1:10256"},
    {"metricsBindAddress", "192.0.2.1:10249"},
    {"bindAddressHardFail", "true"},
    {"enableProfiling", "true"},
    {"showHiddenMetricsForVersion", "\"1.35\""},
    {"mode", "ipvs"},
    {"iptables.masqueradeBit", "10"},
    {"iptables.masqueradeAll", "true"},
    {"iptables.localhostNodePorts", "false"},
    {"iptables.syncPeriod", "1m"},
    {"iptables.minSyncPeriod", "2s"},
    {"ipvs.syncPeriod", "1m"},
    {"ipvs.minSyncPeriod", "2s"},
    {"ipvs.scheduler", "lc"},
    {"ipvs.excludeCIDRs", "[192.0.2.0/24]"},
    {"ipvs.strictARP", "true"},
    {"ipvs.tcpTimeout", "1h"},
    {"ipvs.tcpFinTimeout", "1m"},
    {"ipvs.udpTimeout", "1m"},
    {"nftables.masqueradeBit", "10"},
    {"nftables.masqueradeAll", "true"},
    {"nftables.syncPeriod", "1m"},
    {"nftables.minSyncPeriod", "2s"},
    {"winkernel.networkName", "a"},
    {"winkernel.sourceVip", "192.0.2.2"},
    {"winkernel.enableDSR", "true"},
    {"winkernel.rootHnsEndpointName", "a"},
    {"winkernel.forwardHealthCheckVip", "true"},
    {"detectLocalMode", "NodeCIDR"},
    {"detectLocal.bridgeInterface", "cni0"},
    {"detectLocal.interfaceNamePrefix", "veth"},
    {"clusterCIDR", "10.244.0.0/16"},
    {"nodePortAddresses", "[192.0.2.0/24]"},
    {"oomScoreAdj", "-500"},
    {"conntrack.maxPerCore", "1000"},
    {"conntrack.min", "2000"},
    {"conntrack.tcpEstablishedTimeout", "1h"},
    {"conntrack.tcpCloseWaitTimeout", "1m"},
    {"conntrack.tcpBeLiberal", "true"},
    {"conntrack.udpTimeout", "1m"},
    {"conntrack.udpStreamTimeout", "2m"},
    {"configSyncPeriod", "1m"},
    {"portRange", "1000-2000"},
    {"windowsRunAsService", "true"},
};

// Every flag of kube-proxy 1.36 on Linux.
constexpr UpstreamKey kFlags[] = {
    {"feature-gates", "AllAlpha=true"},
    {"kubeconfig", "/k"},
    {"master", "https://192.0.2.1:6443"},
    {"kube-api-content-type", "application/json"},
    {"kube-api-burst", "100"},
    {"kube-api-qps", "50"},
    {"hostname-override", "node-a"},
    {"bind-address", "192.0.2.1"},
    {"healthz-bind-address", "192.0.2.1:10256"},
    {"metrics-bind-address", "192.0.2.1:10249"},
    {"bind-address-hard-fail", "true"},
    {"profiling", "true"},
    {"show-hidden-metrics-for-version", "1.35"},
    {"proxy-mode", "ipvs"},
    {"iptables-masquerade-bit", "10"},
    {"masquerade-all", "true"},
    {"iptables-localhost-nodeports", "false"},
    {"iptables-sync-period", "1m"},
    {"iptables-min-sync-period", "2s"},
    {"ipvs-sync-period", "1m"},
    {"ipvs-min-sync-period", "2s"},
    {"ipvs-scheduler", "lc"},
    {"ipvs-exclude-cidrs", "192.0.2.0/24"},
    {"ipvs-strict-arp", "true"},
    {"ipvs-tcp-timeout", "1h"},
    {"ipvs-tcpfin-timeout", "1m"},
    {"ipvs-udp-timeout", "1m"},
    {"detect-local-mode", "NodeCIDR"},
    {"pod-bridge-interface", "cni0"},
    {"pod-interface-name-prefix", "veth"},
    {"cluster-cidr", "10.244.0.0/16"},
    {"nodeport-addresses", "192.0.2.0/24"},
    {"oom-score-adj", "-500"},
    {"conntrack-max-per-core", "1000"},
    {"conntrack-min", "2000"},
    {"conntrack-tcp-timeout-established", "1h"},
    {"conntrack-tcp-timeout-close-wait", "1m"},
    {"conntrack-tcp-be-liberal", "true"},
    {"conntrack-udp-timeout", "1m"},
    {"conntrack-udp-timeout-stream", "2m"},
    {"config-sync-period", "1m"},
    {"healthz-port", "10256"},
    {"metrics-port", "10249"},
    {"logging-format", "json"},
    {"log-flush-frequency", "1s"},
    {"v", "4"},
    {"vmodule", "a=5"},
    {"log-text-split-stream", "true"},
    {"log-text-info-buffer-size", "1Ki"},
    {"log-json-split-stream", "true"},
    {"log-json-info-buffer-size", "1Ki"},
    {"boot-id-file", "/boot-id"},
    {"machine-id-file", "/machine-id"},
};
constexpr std::string_view kActions[] = {"cleanup", "init-only", "version"};

// The key itself, or the one above it that takes everything below.
const ConfigKey* key_or_above(std::string path) {
  for (;;) {
    if (const ConfigKey* key = find_config_key(path)) return key;
    std::size_t dot = path.rfind('.');
    if (dot == std::string::npos) return nullptr;
    path.resize(dot);
  }
}

// One value as a file of its own, each word of the path a section: "{a: {b: VALUE}}".
std::string file_with(const UpstreamKey& key) {
  std::string line;
  std::string closing;
  std::string_view rest = key.path;
  for (std::size_t dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
    line += std::string(rest.substr(0, dot)) + ": {";
    closing += "}";
    rest.remove_prefix(dot + 1);
  }
  line += std::string(rest) + ": " + std::string(key.value) + closing;
  return "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n" + line +
         "\n";
}

bool is_notice_of(const std::string& notice, const ConfigKey& key) {
  return notice.find(key.path) != std::string::npos &&
         notice.find(": does nothing: " + key.idle_reason) != std::string::npos;
}

TEST(KubeProxyKeys, AreHonouredOrSaidToDoNothing) {
  for (const UpstreamKey& given : kKeys) {
    SCOPED_TRACE(given.path);
    auto loaded = parse_config(file_with(given), "config");
    ASSERT_TRUE(loaded.ok()) << loaded.status().message();
    EXPECT_THAT(loaded->warnings, IsEmpty());
    const ConfigKey* key = key_or_above(std::string(given.path));
    ASSERT_NE(key, nullptr);
    if (key->idle_reason.empty()) {
      ASSERT_TRUE(key->load);
      EXPECT_EQ(key->path, given.path);
      // The default configuration would differ, but for the one mode there is.
      const bool changed = key->load(loaded->configuration) != key->load(Configuration());
      EXPECT_EQ(changed, given.path != "mode");
    } else if (given.path != "iptables.localhostNodePorts") {
      // (Of that one, kube-proxy's default and what is true here both need no word.)
      EXPECT_TRUE(std::any_of(loaded->notices.begin(), loaded->notices.end(),
                              [&](const auto& notice) { return is_notice_of(notice, *key); }))
          << testing::PrintToString(loaded->notices);
    }
  }
}

TEST(KubeProxyFlags, AreAccepted) {
  for (const UpstreamKey& given : kFlags) {
    const std::string flag = "--" + std::string(given.path) + "=" + std::string(given.value);
    SCOPED_TRACE(flag);
    auto line = parse_command_line(std::vector<std::string>{flag});
    EXPECT_TRUE(line.ok()) << line.status().message();
    if (!line.ok()) continue;
    EXPECT_THAT(line->loaded.warnings, Not(testing::Contains(HasSubstr("not a known"))));
  }
  for (std::string_view action : kActions) {
    auto line = parse_command_line(std::vector<std::string>{"--" + std::string(action)});
    EXPECT_TRUE(line.ok()) << action << ": " << line.status().message();
  }
}

}  // namespace
}  // namespace agent
