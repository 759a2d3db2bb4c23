#include <array>
#include <limits>
#include <string_view>

#include "agent/config_key_builders.h"

namespace agent {
namespace {

using Row = ConfigRow;

constexpr std::size_t kLongestSocket = 107;  // sockaddr_un's path
constexpr base::Port kStatusPagePort = 10266;
constexpr std::int64_t kMostEntries = std::numeric_limits<std::int32_t>::max();

void add_conntrack(std::vector<ConfigKey>& keys) {
  const std::string seconds = "a duration of whole seconds; 0s leaves the kernel's";
  keys.push_back(integer_key(
      {.path = "conntrack.maxPerCore",
       .flag = "conntrack-max-per-core",
       .meaning = "Connections to track for each CPU; 0 leaves the kernel's limit."},
      [](auto& c) -> auto& { return c.conntrack.max_per_core; }, 0, kMostEntries));
  keys.push_back(integer_key(
      {.path = "conntrack.min",
       .flag = "conntrack-min",
       .meaning = "The least limit that conntrack.maxPerCore leads to."},
      [](auto& c) -> auto& { return c.conntrack.min; }, 0, kMostEntries));
  auto time_out = [&](const char* path, const char* flag, const char* meaning, auto member) {
    keys.push_back(duration_key({.path = path, .flag = flag, .meaning = meaning}, member, seconds,
                                {}, std::chrono::seconds(1)));
  };
  time_out(
      "conntrack.tcpEstablishedTimeout", "conntrack-tcp-timeout-established",
      "When an idle TCP connection is no longer tracked.",
      [](auto& c) -> auto& { return c.conntrack.tcp_established_timeout; });
  time_out(
      "conntrack.tcpCloseWaitTimeout", "conntrack-tcp-timeout-close-wait",
      "When a half-closed TCP connection is no longer tracked.",
      [](auto& c) -> auto& { return c.conntrack.tcp_close_wait_timeout; });
  time_out(
      "conntrack.udpTimeout", "conntrack-udp-timeout",
      "When a UDP flow without an answer is no longer tracked.",
      [](auto& c) -> auto& { return c.conntrack.udp_timeout; });
  time_out(
      "conntrack.udpStreamTimeout", "conntrack-udp-timeout-stream",
      "When an idle UDP flow that had answers is no longer tracked.",
      [](auto& c) -> auto& { return c.conntrack.udp_stream_timeout; });
  keys.push_back(bool_key(
      {.path = "conntrack.tcpBeLiberal",
       .flag = "conntrack-tcp-be-liberal",
       .meaning = "Do not drop TCP packets outside the tracked window."},
      [](auto& c) -> auto& { return c.conntrack.tcp_be_liberal; }));
}

void add_logging(std::vector<ConfigKey>& keys) {
  keys.push_back(choice_key(
      {.path = "logging.format",
       .flag = "logging-format",
       .meaning = "How log lines look: text is key=value.",
       .flag_beats_file = true,
       .zero_is_default = true},
      [](auto& c) -> auto& { return c.logging.format; },
      std::array<std::pair<std::string_view, LogFormat>, 2>{
          {{"text", LogFormat::kText}, {"json", LogFormat::kJson}}}));
  keys.push_back(integer_key(
      {.path = "logging.verbosity",
       .flag = "v",
       .meaning = "From 4 on, debug lines are written too.",
       .flag_beats_file = true},
      [](auto& c) -> auto& { return c.logging.verbosity; }, 0, 100));
}

ConfigKey sysctl_directory_key() {
  auto decode = [](const ConfigValue& value) -> base::Result<std::string> {
    base::Result<std::string> path = decode_text(value);
    if (!path || !path->starts_with('/')) return found(value);
    return path;
  };
  return key_of(
      {.path = "ipvsAgent.sysctlDirectory",
       .flag = "sysctl-directory",
       .meaning =
           "Where the kernel's settings are read and written. A container that may not write "
           "/proc/sys finds the node's /proc/sys/net mounted below it.",
       .flag_beats_file = true,
       .zero_is_default = true},
      ConfigType::kText, "an absolute path",
      [](auto& c) -> auto& { return c.ipvs_agent.sysctl_directory; }, decode,
      [](const std::string& text) { return text; });
}

ConfigKey state_directory_key() {
  auto decode = [](const ConfigValue& value) -> base::Result<std::string> {
    base::Result<std::string> path = decode_text(value);
    if (!path || (!path->empty() && !path->starts_with('/'))) return found(value);
    return path;
  };
  return key_of(
      {.path = "ipvsAgent.stateDirectory",
       .flag = "state-directory",
       .meaning = "Where the agent notes since when real servers drain, which addresses had "
                  "node ports, and that it was here, for the next start. "
                  "Made where missing; empty: nowhere.",
       .flag_beats_file = true},
      ConfigType::kText, "an absolute path, or nothing",
      [](auto& c) -> auto& { return c.ipvs_agent.state_directory; }, decode,
      [](const std::string& text) { return text; });
}

base::Result<std::vector<std::string>> decode_services(const ConfigValue& value) {
  std::vector<std::string> patterns;
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) patterns = *list;
  if (const auto* text = std::get_if<std::string>(&value)) patterns = split_list(*text);
  for (const std::string& pattern : patterns) {
    std::size_t slash = pattern.find('/');
    bool named = slash != std::string::npos && slash > 0 && slash + 1 < pattern.size();
    if (!named || pattern.find_first_of("/ \t,", slash + 1) != std::string::npos) {
      return found(value);
    }
  }
  return patterns;
}

void add_service_metrics(std::vector<ConfigKey>& keys) {
  keys.push_back(choice_key(
      {.path = "ipvsAgent.serviceMetrics",
       .flag = "service-metrics",
       .meaning = "The Services whose traffic /metrics shows: none, top (the "
                  "ipvsAgent.serviceMetricsTop with the most connections on this node, and those "
                  "of ipvsAgent.serviceMetricsSelect), selected (those only), all. A Service has "
                  "8 series for each of its addresses and ports.",
       .zero_is_default = true},
      [](auto& c) -> auto& { return c.ipvs_agent.service_metrics.mode; },
      std::array<std::pair<std::string_view, ServiceMetricsMode>, 4>{
          {{"none", ServiceMetricsMode::kNone},
           {"top", ServiceMetricsMode::kTop},
           {"selected", ServiceMetricsMode::kSelected},
           {"all", ServiceMetricsMode::kAll}}}));
  keys.push_back(integer_key(
      {.path = "ipvsAgent.serviceMetricsTop",
       .flag = "service-metrics-top",
       .meaning = "How many Services the mode top shows."},
      [](auto& c) -> auto& { return c.ipvs_agent.service_metrics.top; }, 1, 100'000));
  keys.push_back(key_of(
      {.path = "ipvsAgent.serviceMetricsSelect",
       .flag = "service-metrics-select",
       .meaning = "Services whose traffic is shown in the modes top and selected, however much it "
                  "is: default/web, shop/*."},
      ConfigType::kList, "a list of namespace/name, in which * stands for anything",
      [](auto& c) -> auto& { return c.ipvs_agent.service_metrics.select; }, decode_services,
      [](const std::vector<std::string>& patterns) { return patterns; }));
  keys.push_back(bool_key(
      {.path = "ipvsAgent.endpointMetrics",
       .flag = "endpoint-metrics",
       .meaning = "Show the traffic of each endpoint of these Services, too: 9 series more for "
                  "each endpoint, address and port."},
      [](auto& c) -> auto& { return c.ipvs_agent.service_metrics.endpoints; }));
  keys.push_back(bool_key(
      {.path = "ipvsAgent.kubernetesEvents",
       .flag = "kubernetes-events",
       .meaning =
           "Tell of Services that cannot be served, and of a degraded or taken over node, by "
           "Events of Kubernetes, beside the log."},
      [](auto& c) -> auto& { return c.ipvs_agent.kubernetes_events; }));
}

ConfigKey socket_key() {
  auto decode = [](const ConfigValue& value) -> base::Result<std::string> {
    base::Result<std::string> path = decode_text(value);
    if (!path || (!path->empty() && !path->starts_with('/')) || path->size() > kLongestSocket) {
      return found(value);
    }
    return path;
  };
  return key_of(
      {.path = "ipvsAgent.socket",
       .flag = "socket",
       .meaning = "The Unix socket at which the agent answers its command line (status, explain, "
                  "plan and others), for its owner alone. Its folder is made where missing; "
                  "empty: no command line.",
       .flag_beats_file = true},
      ConfigType::kText, "an absolute path of at most 107 bytes, or nothing",
      [](auto& c) -> auto& { return c.ipvs_agent.socket; }, decode,
      [](const std::string& text) { return text; });
}

// Whoever reaches the page sees the names of all Services, without a password.
ConfigKey status_page_key() {
  auto decode = [](const ConfigValue& value) -> base::Result<std::optional<ListenAddress>> {
    auto where = decode_listen_address(value, kStatusPagePort);
    if (!where || (where->has_value() && !(*where)->address.is_loopback())) return found(value);
    return where;
  };
  return key_of(
      {.path = "ipvsAgent.statusPage",
       .flag = "status-page",
       .meaning = "Where the page for browsers is served: Services, their real servers, what "
                  "changed. Empty: nowhere."},
      ConfigType::kText,
      "ADDRESS:PORT or an address of this node's loopback, such as 127.0.0.1:10266 or "
      "[::1]:10266, to be reached from elsewhere by ssh -L or kubectl port-forward; port 0 or "
      "nothing for none",
      [](auto& c) -> auto& { return c.ipvs_agent.status_page; }, decode, encode_listen_address);
}

void add_own(std::vector<ConfigKey>& keys) {
  keys.push_back(duration_key(
      {.path = "ipvsAgent.drainTimeout",
       .flag = "drain-timeout",
       .meaning = "How long a removed TCP or SCTP real server may keep its connections. 0s: no "
                  "limit."},
      [](auto& c) -> auto& { return c.ipvs_agent.drain_timeout; }));
  keys.push_back(state_directory_key());
  keys.push_back(socket_key());
  keys.push_back(status_page_key());
  keys.push_back(duration_key(
      {.path = "ipvsAgent.auditPeriod",
       .flag = "audit-period",
       .meaning = "How often everything the kernel holds is compared with what it should hold."},
      [](auto& c) -> auto& { return c.ipvs_agent.audit_period; }, "a duration of 1s or longer",
      std::chrono::seconds(1)));
  keys.push_back(bool_key(
      {.path = "ipvsAgent.masqueradeRandomFully",
       .flag = "masquerade-random-fully",
       .meaning = "Choose source ports at random when masquerading, where "
                  "iptables can."},
      [](auto& c) -> auto& { return c.ipvs_agent.masquerade_random_fully; }));
  keys.push_back(integer_key(
      {.path = "ipvsAgent.ipsetMaxElements",
       .flag = "ipset-max-elements",
       .meaning = "How many entries one ipset may hold. Other than 65536, "
                  "sets that kube-proxy made are replaced."},
      [](auto& c) -> auto& { return c.ipvs_agent.ipset_max_elements; }, 1024, 1 << 24));
  keys.push_back(key_of(
      {.path = "ipvsAgent.insideTrafficMarkMask",
       .flag = "inside-traffic-mark-mask",
       .meaning =
           "The bits of packet marks by which clients inside the cluster reach all endpoints "
           "of externalTrafficPolicy Local. Nobody else on the node may use them. 0x0: they "
           "reach what clients outside reach."},
      ConfigType::kText,
      "bits such as 0x3fff, of which that of iptables.masqueradeBit is left out; 0x0 for none",
      [](auto& c) -> auto& { return c.ipvs_agent.inside_traffic_mark_mask; }, decode_mask,
      encode_mask));
  keys.push_back(choice_key(
      {.path = "ipvsAgent.echoToServiceAddresses",
       .flag = "echo-to-service-addresses",
       .meaning = "What a ping of a service address gets: reject (port unreachable, as with "
                  "kube-proxy), answer (from this node, whatever the state of the Service), drop.",
       .zero_is_default = true},
      [](auto& c) -> auto& { return c.ipvs_agent.echo_to_service_addresses; },
      std::array<std::pair<std::string_view, EchoAnswer>, 3>{{{"reject", EchoAnswer::kReject},
                                                              {"answer", EchoAnswer::kAnswer},
                                                              {"drop", EchoAnswer::kDrop}}}));
  keys.push_back(choice_key(
      {.path = "ipvsAgent.iptablesBackend",
       .flag = "iptables-backend",
       .meaning = "Which iptables holds the rules. auto: the one that the kubelet uses. plain: an "
                  "iptables older than 1.8.",
       .zero_is_default = true},
      [](auto& c) -> auto& { return c.ipvs_agent.iptables_backend; },
      std::array<std::pair<std::string_view, std::optional<netconf::IptablesBackend>>, 4>{
          {{"auto", std::nullopt},
           {"nft", netconf::IptablesBackend::kNft},
           {"legacy", netconf::IptablesBackend::kLegacy},
           {"plain", netconf::IptablesBackend::kPlain}}}));
  keys.push_back(sysctl_directory_key());
}

}  // namespace

std::vector<ConfigKey> tuning_config_keys() {
  std::vector<ConfigKey> keys;
  add_conntrack(keys);
  add_logging(keys);
  add_own(keys);
  add_service_metrics(keys);
  return keys;
}

}  // namespace agent
