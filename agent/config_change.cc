#include "agent/config_change.h"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/config_codec.h"
#include "agent/config_keys.h"

namespace agent {
namespace {

constexpr std::string_view kFollowedKeys[] = {
    "mode",
    "clusterCIDR",
    "detectLocalMode",
    "detectLocal.bridgeInterface",
    "detectLocal.interfaceNamePrefix",
    "nodePortAddresses",
    "oomScoreAdj",
    "iptables.masqueradeBit",
    "iptables.masqueradeAll",
    "ipvs.syncPeriod",
    "ipvs.minSyncPeriod",
    "ipvs.scheduler",
    "ipvs.excludeCIDRs",
    "ipvs.strictARP",
    "ipvs.tcpTimeout",
    "ipvs.tcpFinTimeout",
    "ipvs.udpTimeout",
    "conntrack.maxPerCore",
    "conntrack.min",
    "conntrack.tcpEstablishedTimeout",
    "conntrack.tcpCloseWaitTimeout",
    "conntrack.udpTimeout",
    "conntrack.udpStreamTimeout",
    "conntrack.tcpBeLiberal",
    "logging.verbosity",
    "ipvsAgent.drainTimeout",
    "ipvsAgent.auditPeriod",
    "ipvsAgent.masqueradeRandomFully",
    "ipvsAgent.echoToServiceAddresses",
    "ipvsAgent.serviceMetrics",
    "ipvsAgent.serviceMetricsTop",
    "ipvsAgent.serviceMetricsSelect",
    "ipvsAgent.endpointMetrics",
    "ipvsAgent.kubernetesEvents",
};

constexpr std::pair<std::string_view, std::string_view> kReasons[] = {
    {"hostnameOverride", "the Node that is watched is named by it"},
    {"bindAddress", "the ports are opened at the start"},
    {"healthzBindAddress", "the ports are opened at the start"},
    {"metricsBindAddress", "the ports are opened at the start"},
    {"bindAddressHardFail", "the ports are opened at the start"},
    {"clientConnection.kubeconfig", "the API server is chosen at the start"},
    {"logging.format", "one log has one format"},
    {"ipvsAgent.ipsetMaxElements", "ipsets are made at the start"},
    {"ipvsAgent.insideTrafficMarkMask", "marks that were given stay given"},
    {"ipvsAgent.iptablesBackend", "the programs are chosen at the start"},
    {"ipvsAgent.sysctlDirectory", "the folder is chosen at the start"},
    {"ipvsAgent.socket", "the socket is opened at the start"},
    {"ipvsAgent.statusPage", "the ports are opened at the start"},
    {"ipvsAgent.stateDirectory", "what is in it is read at the start"},
};

}  // namespace

std::string restart_reason(std::string_view path) {
  if (std::ranges::find(kFollowedKeys, path) != std::end(kFollowedKeys)) return "";
  for (const auto& [key, reason] : kReasons) {
    if (key == path) return std::string(reason);
  }
  return "it is read at the start";
}

ConfigChange change_between(const Configuration& running, const Configuration& wanted) {
  ConfigChange change;
  change.next = running;
  for (const ConfigKey& key : config_keys()) {
    if (key.path.empty() || !key.load) continue;
    ConfigValue before = key.load(running);
    ConfigValue after = key.load(wanted);
    if (before == after) continue;
    std::string reason = restart_reason(key.path);
    // A value that was loaded from a configuration is one that the key takes.
    if (reason.empty() && key.store(after, change.next).ok()) {
      change.applied.push_back(key.path + ": " + shown(before) + " -> " + shown(after));
    } else {
      change.waiting.push_back(
          {key.path, shown(before), shown(after), reason + "; it takes a restart of the agent"});
    }
  }
  return change;
}

}  // namespace agent
