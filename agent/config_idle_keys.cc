#include "agent/config_key_builders.h"

namespace agent {
namespace {

// A key that other modes, systems or older versions of kube-proxy use.
ConfigKey idle_key(std::string path, std::string flag, ConfigType type, std::string reason,
                   std::string usual = "") {
  ConfigKey key;
  key.path = std::move(path);
  key.flag = std::move(flag);
  key.type = type;
  key.idle_reason = std::move(reason);
  key.idle_default = std::move(usual);
  return key;
}

}  // namespace

std::vector<ConfigKey> idle_config_keys() {
  std::vector<ConfigKey> keys;
  using enum ConfigType;
  const std::string json = "the agent asks the API server for JSON";
  const std::string few = "the agent keeps three watches open and sends no bursts of requests";
  const std::string other_mode = "it belongs to another mode of kube-proxy";
  const std::string old = "kube-proxy itself no longer uses it";
  const std::string logs = "the agent writes its log to standard error only";
  keys.push_back(idle_key("clientConnection.contentType", "kube-api-content-type", kText, json,
                          "application/vnd.kubernetes.protobuf"));
  keys.push_back(idle_key("clientConnection.acceptContentTypes", "", kText, json));
  keys.push_back(idle_key("clientConnection.qps", "kube-api-qps", kInteger, few, "5"));
  keys.push_back(idle_key("clientConnection.burst", "kube-api-burst", kInteger, few, "10"));
  keys.push_back(idle_key("configSyncPeriod", "config-sync-period", kText,
                          "watches are never re-delivered; ipvsAgent.auditPeriod finds drift",
                          "15m0s"));
  keys.push_back(idle_key("enableProfiling", "profiling", kBool,
                          "the agent is no Go program and has no pprof pages"));
  keys.push_back(idle_key("showHiddenMetricsForVersion", "show-hidden-metrics-for-version", kText,
                          "the agent hides no metrics"));
  keys.push_back(
      idle_key("featureGates", "feature-gates", kSubtree,
               "the agent has no gates: what is generally available in Kubernetes is on"));
  keys.push_back(idle_key("iptables.localhostNodePorts", "iptables-localhost-nodeports", kBool,
                          "IPVS cannot serve node ports on the loopback address", "true"));
  keys.push_back(idle_key("iptables.syncPeriod", "iptables-sync-period", kText,
                          other_mode + "; see ipvs.syncPeriod", "30s"));
  keys.push_back(idle_key("iptables.minSyncPeriod", "iptables-min-sync-period", kText,
                          other_mode + "; see ipvs.minSyncPeriod", "1s"));
  keys.push_back(idle_key("nftables", "", kSubtree, other_mode));
  keys.push_back(idle_key("winkernel", "", kSubtree, "it is for Windows nodes"));
  keys.push_back(idle_key("windowsRunAsService", "", kBool, "it is for Windows nodes"));
  keys.push_back(idle_key("portRange", "proxy-port-range", kText, old));
  keys.push_back(idle_key("udpIdleTimeout", "udp-timeout", kText, old, "250ms"));
  keys.push_back(idle_key("resourceContainer", "", kText, old));
  keys.push_back(idle_key("logging.flushFrequency", "log-flush-frequency", kText,
                          "every line is written at once", "5s"));
  keys.push_back(idle_key("logging.vmodule", "vmodule", kList, "there are no Go files to select"));
  keys.push_back(idle_key("logging.options", "", kSubtree, logs));
  for (const char* flag : {"boot-id-file", "machine-id-file"}) {
    keys.push_back(idle_key("", flag, kText, "the agent does not tell its machine from others"));
  }
  for (const char* flag :
       {"log-text-split-stream", "log-text-info-buffer-size", "log-json-split-stream",
        "log-json-info-buffer-size", "logtostderr", "alsologtostderr", "log-dir", "log-file",
        "log-file-max-size", "log-backtrace-at", "stderrthreshold", "skip-headers",
        "skip-log-headers", "add-dir-header", "one-output"}) {
    keys.push_back(
        idle_key("", flag, std::string_view(flag).ends_with("stderr") ? kBool : kText, logs));
  }
  for (ConfigKey& key : keys) {
    if (key.idle_reason == logs || key.path.starts_with("logging.")) key.flag_beats_file = true;
  }
  return keys;
}

}  // namespace agent
