#ifndef IPVS_AGENT_AGENT_CONFIGURATION_H_
#define IPVS_AGENT_AGENT_CONFIGURATION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/echo_answer.h"
#include "agent/listen_address.h"
#include "agent/node_port_addresses.h"
#include "agent/service_metrics.h"
#include "base/clock.h"
#include "base/ip_address.h"
#include "netconf/iptables_backend.h"

namespace agent {

// How the agent tells traffic that comes from local pods (and needs no masquerading) from the rest.
enum class DetectLocalMode : std::uint8_t {
  kClusterCidr,          // the source address is inside clusterCIDR
  kNodeCidr,             // ... inside the Node's own podCIDRs
  kBridgeInterface,      // it came in by a named bridge
  kInterfaceNamePrefix,  // it came in by an interface whose name begins so
};

enum class LogFormat : std::uint8_t { kText, kJson };

// Where health is served by default: every address, port 10256.
ListenAddress default_healthz_address(base::Family family);
// Where metrics are served by default: the loopback address of the family, port 10249.
ListenAddress default_metrics_address(base::Family family);

// Everything a user can decide, with what holds where nothing is said. The members follow the keys
// of KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1), whose meaning and defaults in IPVS
// mode they keep; IpvsAgent is our own. config_keys.h maps each to its key, flag and range.
//
// Threading: a value; made once at start and constant from then on.
struct Configuration {
  struct ClientConnection {
    std::string kubeconfig;  // path; "" for the credentials of a pod
    friend bool operator==(const ClientConnection&, const ClientConnection&) = default;
  };
  struct Logging {
    LogFormat format = LogFormat::kText;
    std::int64_t verbosity = 0;  // 0-10; from 4 on, debug lines are written
    friend bool operator==(const Logging&, const Logging&) = default;
  };
  struct DetectLocal {
    std::string bridge_interface;       // set in mode kBridgeInterface; 1-15 bytes
    std::string interface_name_prefix;  // set in mode kInterfaceNamePrefix; 1-15 bytes
    friend bool operator==(const DetectLocal&, const DetectLocal&) = default;
  };
  struct Iptables {
    std::int64_t masquerade_bit = 14;  // 0-31: the bit of the firewall mark that asks for SNAT
    bool masquerade_all = false;       // SNAT everything sent to a cluster address
    friend bool operator==(const Iptables&, const Iptables&) = default;
  };
  struct Ipvs {
    base::Duration sync_period = std::chrono::seconds(30);  // > 0
    base::Duration min_sync_period{};                       // 0 to sync_period
    std::string scheduler = "rr";                           // one of ipvs/schedulers.h
    std::vector<base::IpPrefix> exclude_cidrs;  // virtual servers in here are never removed
    bool strict_arp = false;
    // IPVS connection time-outs, whole seconds; 0 leaves the kernel's.
    base::Duration tcp_timeout{};
    base::Duration tcp_fin_timeout{};
    base::Duration udp_timeout{};
    friend bool operator==(const Ipvs&, const Ipvs&) = default;
  };
  struct Conntrack {
    std::int64_t max_per_core = 32768;  // entries; 0 leaves the kernel's limit
    std::int64_t min = 131072;          // entries; the least that max_per_core x CPUs becomes
    // Time-outs; 0 leaves the kernel's.
    base::Duration tcp_established_timeout = std::chrono::hours(24);
    base::Duration tcp_close_wait_timeout = std::chrono::hours(1);
    base::Duration udp_timeout{};
    base::Duration udp_stream_timeout{};
    bool tcp_be_liberal = false;
    friend bool operator==(const Conntrack&, const Conntrack&) = default;
  };
  struct IpvsAgent {
    // How long a removed TCP or SCTP real server may keep its connections; 0 has no limit.
    base::Duration drain_timeout = std::chrono::minutes(15);
    std::string state_directory = "/run/ipvs-agent";    // for the drain journal; "" keeps none
    std::string socket = "/run/ipvs-agent/agent.sock";  // for the command line; "" serves none
    // How often the whole of what the kernel holds is compared with what it should; >= 1 s.
    base::Duration audit_period = std::chrono::seconds(30);
    bool masquerade_random_fully = true;      // random source ports when masquerading
    std::int64_t ipset_max_elements = 65536;  // entries one set may hold: 1024 to 2^24
    // The bits of packet marks by which clients inside the cluster are led to all endpoints of
    // externalTrafficPolicy Local; without masquerade_bit. 0: they are not.
    std::int64_t inside_traffic_mark_mask = 0x3fff;
    EchoAnswer echo_to_service_addresses = EchoAnswer::kReject;
    // Whose rules ours join; null for the one that the kubelet uses.
    std::optional<netconf::IptablesBackend> iptables_backend;
    std::string sysctl_directory = "/proc/sys";  // where the kernel's settings are
    ServiceMetrics service_metrics;
    bool kubernetes_events = true;  // tell users of Services and the Node by Kubernetes Events
    std::optional<ListenAddress> status_page;  // for browsers, on the loopback; null serves none
    friend bool operator==(const IpvsAgent&, const IpvsAgent&) = default;
  };

  ClientConnection client_connection;
  std::string hostname_override;  // the Node's name; "" for the host's, in lower case
  // An address that is not unspecified stands in for the Node's primary one; the family decides
  // which family is the first. Nothing is bound to it.
  base::IpAddress bind_address;
  // Null serves none.
  std::optional<ListenAddress> healthz_bind_address = default_healthz_address(base::Family::kIpv4);
  std::optional<ListenAddress> metrics_bind_address = default_metrics_address(base::Family::kIpv4);
  bool bind_address_hard_fail = false;  // end when a port is taken, instead of trying again
  Logging logging;
  std::vector<base::IpPrefix> cluster_cidr;  // at most one a family
  DetectLocalMode detect_local_mode = DetectLocalMode::kClusterCidr;
  DetectLocal detect_local;
  Iptables iptables;
  Ipvs ipvs;
  NodePortAddresses node_port_addresses;
  std::int64_t oom_score_adj = -999;  // -1000 to 1000
  Conntrack conntrack;
  IpvsAgent ipvs_agent;

  friend bool operator==(const Configuration&, const Configuration&) = default;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_CONFIGURATION_H_
