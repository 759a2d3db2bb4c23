#include "agent/config_keys.h"

#include <array>
#include <string_view>

#include "agent/config_codec.h"
#include "agent/config_key_builders.h"
#include "ipvs/schedulers.h"

namespace agent {
namespace {

using Row = ConfigRow;

ConfigKey mode_key() {
  ConfigKey key = with_row(
      {.path = "mode",
       .flag = "proxy-mode",
       .meaning = "Must be ipvs, the only mode this agent has.",
       .note_when_empty = "kube-proxy would choose its iptables mode here; this agent always works "
                          "as in ipvs mode. Set it to ipvs to say so"},
      ConfigType::kText,
      "ipvs (this agent has no other mode; for iptables or nftables run kube-proxy on this node "
      "instead)");
  key.store = [](const ConfigValue& value, Configuration&) {
    bool fits = value == ConfigValue("ipvs") || value == ConfigValue("");
    return fits ? base::Status() : found(value);
  };
  key.load = [](const Configuration&) { return ConfigValue("ipvs"); };
  return key;
}

ConfigKey hostname_key() {
  auto decode = [](const ConfigValue& value) {
    base::Result<std::string> name = decode_text(value);
    if (!name) return name;
    std::string lower = *name;
    for (char& c : lower) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return base::Result<std::string>(lower);
  };
  return key_of(
      {.path = "hostnameOverride",
       .flag = "hostname-override",
       .meaning = "The name of this node's Node object. Empty: the host's name. In lower case.",
       .flag_beats_file = true},
      ConfigType::kText, "the name of a Node", [](auto& c) -> auto& { return c.hostname_override; },
      decode, [](const std::string& text) { return text; });
}

ConfigKey cluster_cidr_key() {
  auto decode = [](const ConfigValue& value) -> base::Result<std::vector<base::IpPrefix>> {
    base::Result<std::vector<base::IpPrefix>> prefixes = decode_prefixes(value);
    if (!prefixes) return prefixes;
    bool fits = prefixes->size() <= 1 ||
                (prefixes->size() == 2 && prefixes->front().family() != prefixes->back().family());
    return fits ? prefixes : found(value);
  };
  return key_of(
      {.path = "clusterCIDR",
       .flag = "cluster-cidr",
       .meaning = "The pods' addresses. Traffic to a cluster address from outside them "
                  "is masqueraded in detectLocalMode ClusterCIDR."},
      ConfigType::kText, "a CIDR, or one of each family separated by a comma",
      [](auto& c) -> auto& { return c.cluster_cidr; }, decode,
      [](const std::vector<base::IpPrefix>& prefixes) {
        return join_list(encode_prefixes(prefixes));
      });
}

ConfigKey scheduler_key() {
  std::string names;
  for (const ipvs::Scheduler& scheduler : ipvs::schedulers()) {
    names += (names.empty() ? "" : ", ") + std::string(scheduler.name);
  }
  auto decode = [](const ConfigValue& value) -> base::Result<std::string> {
    base::Result<std::string> name = decode_text(value);
    if (!name || ipvs::find_scheduler(*name) == nullptr) return found(value);
    return name;
  };
  return key_of(
      {.path = "ipvs.scheduler",
       .flag = "ipvs-scheduler",
       .meaning = "How IPVS chooses a real server. While it is changed, the kernel refuses "
                  "connections that begin, for milliseconds at each virtual server.",
       .zero_is_default = true},
      ConfigType::kText, "one of " + names, [](auto& c) -> auto& { return c.ipvs.scheduler; },
      decode, [](const std::string& text) { return text; });
}

ConfigKey prefixes_key(Row row, std::vector<base::IpPrefix> Configuration::Ipvs::*member) {
  return key_of(
      std::move(row), ConfigType::kList,
      "a list of CIDRs", [member](auto& c) -> auto& { return c.ipvs.*member; }, decode_prefixes,
      encode_prefixes);
}

// The old flag for a port alone.
ConfigKey port_flag(std::string flag, const std::string& instead,
                    std::optional<ListenAddress> Configuration::*member) {
  ConfigKey key = with_row(
      {.flag = std::move(flag), .meaning = "Deprecated, use --" + instead + ". 0 serves nothing."},
      ConfigType::kInteger, "a whole number, 0 to 65535");
  key.store = [member](const ConfigValue& value, Configuration& configuration) {
    base::Result<std::int64_t> port = decode_integer(value, 0, 65535);
    if (!port) return port.status();
    if (*port == 0) (configuration.*member).reset();
    if (configuration.*member) (configuration.*member)->port = static_cast<base::Port>(*port);
    return base::Status();
  };
  return key;
}

void add_general(std::vector<ConfigKey>& keys) {
  keys.push_back(mode_key());
  keys.push_back(hostname_key());
  keys.push_back(key_of(
      {.path = "bindAddress",
       .flag = "bind-address",
       .meaning = "An address other than 0.0.0.0 and :: stands in for the Node's primary one; its "
                  "family is the first one. Nothing is bound to it.",
       .zero_is_default = true},
      ConfigType::kText, "an IPv4 or IPv6 address", [](auto& c) -> auto& { return c.bind_address; },
      decode_address, [](const base::IpAddress& address) { return address.to_string(); }));
  keys.push_back(listen_key(
      {.path = "healthzBindAddress",
       .flag = "healthz-bind-address",
       .meaning = "Where /healthz and /livez are served. An unspecified address serves "
                  "both families. An empty flag serves none.",
       .zero_is_default = true},
      [](auto& c) -> auto& { return c.healthz_bind_address; }, 10256));
  keys.push_back(listen_key(
      {.path = "metricsBindAddress",
       .flag = "metrics-bind-address",
       .meaning = "Where /metrics, /proxyMode and /configz are served. An empty flag serves none.",
       .zero_is_default = true},
      [](auto& c) -> auto& { return c.metrics_bind_address; }, 10249));
  keys.push_back(
      port_flag("healthz-port", "healthz-bind-address", &Configuration::healthz_bind_address));
  keys.push_back(
      port_flag("metrics-port", "metrics-bind-address", &Configuration::metrics_bind_address));
  keys.push_back(bool_key(
      {.path = "bindAddressHardFail",
       .flag = "bind-address-hard-fail",
       .meaning = "End when one of these ports is taken; otherwise try again "
                  "every 5 s."},
      [](auto& c) -> auto& { return c.bind_address_hard_fail; }));
  keys.push_back(cluster_cidr_key());
  keys.push_back(choice_key(
      {.path = "detectLocalMode",
       .flag = "detect-local-mode",
       .meaning = "How traffic of local pods, which is not masqueraded, is told from the rest.",
       .zero_is_default = true},
      [](auto& c) -> auto& { return c.detect_local_mode; },
      std::array<std::pair<std::string_view, DetectLocalMode>, 4>{
          {{"ClusterCIDR", DetectLocalMode::kClusterCidr},
           {"NodeCIDR", DetectLocalMode::kNodeCidr},
           {"BridgeInterface", DetectLocalMode::kBridgeInterface},
           {"InterfaceNamePrefix", DetectLocalMode::kInterfaceNamePrefix}}}));
  keys.push_back(key_of(
      {.path = "nodePortAddresses",
       .flag = "nodeport-addresses",
       .meaning = "Which addresses of the node answer on node ports. Empty: all."},
      ConfigType::kList, "a list of CIDRs, or the one word primary",
      [](auto& c) -> auto& { return c.node_port_addresses; }, decode_node_port_addresses,
      encode_node_port_addresses));
  keys.push_back(integer_key(
      {.path = "oomScoreAdj",
       .flag = "oom-score-adj",
       .meaning = "How unwilling the kernel is to kill the agent when memory is short."},
      [](auto& c) -> auto& { return c.oom_score_adj; }, -1000, 1000));
}

void add_sections(std::vector<ConfigKey>& keys) {
  keys.push_back(text_key(
      {.path = "clientConnection.kubeconfig",
       .flag = "kubeconfig",
       .meaning = "How to reach the API server. Empty: the credentials of the pod."},
      [](auto& c) -> auto& { return c.client_connection.kubeconfig; },
      "the path of a kubeconfig file"));
  keys.push_back(interface_key(
      {.path = "detectLocal.bridgeInterface",
       .flag = "pod-bridge-interface",
       .meaning = "The bridge of detectLocalMode BridgeInterface."},
      [](auto& c) -> auto& { return c.detect_local.bridge_interface; }));
  keys.push_back(interface_key(
      {.path = "detectLocal.interfaceNamePrefix",
       .flag = "pod-interface-name-prefix",
       .meaning = "How the interfaces' names begin in detectLocalMode "
                  "InterfaceNamePrefix."},
      [](auto& c) -> auto& { return c.detect_local.interface_name_prefix; }));
  keys.push_back(integer_key(
      {.path = "iptables.masqueradeBit",
       .flag = "iptables-masquerade-bit",
       .meaning = "The bit of the firewall mark that asks for masquerading."},
      [](auto& c) -> auto& { return c.iptables.masquerade_bit; }, 0, 31));
  keys.push_back(bool_key(
      {.path = "iptables.masqueradeAll",
       .flag = "masquerade-all",
       .meaning = "Masquerade everything sent to a cluster address."},
      [](auto& c) -> auto& { return c.iptables.masquerade_all; }));
  keys.push_back(duration_key(
      {.path = "ipvs.syncPeriod",
       .flag = "ipvs-sync-period",
       .meaning = "A change that waits twice as long makes /healthz fail.",
       .zero_is_default = true},
      [](auto& c) -> auto& { return c.ipvs.sync_period; }, "a duration above 0s, such as 30s",
      base::Duration(1)));
  keys.push_back(duration_key(
      {.path = "ipvs.minSyncPeriod",
       .flag = "ipvs-min-sync-period",
       .meaning = "The least time between the ends of two rounds of changes. 0s applies each "
                  "change as it comes; this agent is built for that."},
      [](auto& c) -> auto& { return c.ipvs.min_sync_period; },
      "a duration from 0s to ipvs.syncPeriod"));
  keys.push_back(scheduler_key());
  keys.push_back(prefixes_key({.path = "ipvs.excludeCIDRs",
                               .flag = "ipvs-exclude-cidrs",
                               .meaning = "Virtual servers with an address in here are left alone, "
                                          "whatever they look like."},
                              &Configuration::Ipvs::exclude_cidrs));
  keys.push_back(bool_key(
      {.path = "ipvs.strictARP",
       .flag = "ipvs-strict-arp",
       .meaning = "Set arp_ignore=1 and arp_announce=2, as L2 announcers "
                  "(MetalLB, kube-vip) need."},
      [](auto& c) -> auto& { return c.ipvs.strict_arp; }));
  const std::string seconds = "a duration of whole seconds; 0s leaves the kernel's";
  keys.push_back(duration_key(
      {.path = "ipvs.tcpTimeout",
       .flag = "ipvs-tcp-timeout",
       .meaning = "When IPVS forgets an idle TCP connection."},
      [](auto& c) -> auto& { return c.ipvs.tcp_timeout; }, seconds, {}, std::chrono::seconds(1)));
  keys.push_back(duration_key(
      {.path = "ipvs.tcpFinTimeout",
       .flag = "ipvs-tcpfin-timeout",
       .meaning = "When IPVS forgets a TCP connection after its FIN."},
      [](auto& c) -> auto& { return c.ipvs.tcp_fin_timeout; }, seconds, {},
      std::chrono::seconds(1)));
  keys.push_back(duration_key(
      {.path = "ipvs.udpTimeout",
       .flag = "ipvs-udp-timeout",
       .meaning = "When IPVS forgets an idle UDP flow."},
      [](auto& c) -> auto& { return c.ipvs.udp_timeout; }, seconds, {}, std::chrono::seconds(1)));
}

std::vector<ConfigKey> make_keys() {
  std::vector<ConfigKey> keys;
  add_general(keys);
  add_sections(keys);
  for (ConfigKey& key : tuning_config_keys()) keys.push_back(std::move(key));
  for (ConfigKey& key : idle_config_keys()) keys.push_back(std::move(key));
  return keys;
}

}  // namespace

std::span<const ConfigKey> config_keys() {
  static const std::vector<ConfigKey> kKeys = make_keys();
  return kKeys;
}

const ConfigKey* find_config_key(std::string_view path) {
  for (const ConfigKey& key : config_keys()) {
    if (!path.empty() && key.path == path) return &key;
  }
  return nullptr;
}

bool is_zero(const ConfigValue& value) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return list->empty();
  const std::string& text = std::get<std::string>(value);
  return text.empty() || text == "0" || text == "0s" || text == "false" || text == "null";
}

}  // namespace agent
