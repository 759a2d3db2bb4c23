#include "agent/host_settings.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace agent {
namespace {

// What the kernel's own limit is raised to at most, whatever the number of processors.
constexpr std::int64_t kMostConntrackEntries = 1048576;

constexpr std::int64_t kConntrackEntriesABucket = 4;

// Since then nf_conntrack_buckets does what the module parameter hashsize does.
constexpr std::pair<int, int> kBucketsCanBeWritten(4, 7);

// An API that answers the other lists answers for one Node in a moment, if it may at all.
constexpr std::chrono::seconds kNodeWait{30};

std::pair<int, int> version_of(const Machine& machine) {
  return {machine.kernel_major, machine.kernel_minor};
}

std::uint32_t seconds(base::Duration duration) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

LocalDetector local_detector(const Configuration& configuration) {
  LocalDetector detector;
  switch (configuration.detect_local_mode) {
    case DetectLocalMode::kClusterCidr:
      if (configuration.cluster_cidr.empty()) break;
      detector.kind = LocalDetector::Kind::kPodCidr;
      detector.pod_cidrs = configuration.cluster_cidr;
      break;
    case DetectLocalMode::kNodeCidr:
      // Its prefixes come with the Node object: LoopOptions::follow_pod_cidrs.
      detector.kind = LocalDetector::Kind::kPodCidr;
      break;
    case DetectLocalMode::kBridgeInterface:
      detector.kind = LocalDetector::Kind::kBridgeInterface;
      detector.interface = configuration.detect_local.bridge_interface;
      break;
    case DetectLocalMode::kInterfaceNamePrefix:
      detector.kind = LocalDetector::Kind::kInterfacePrefix;
      detector.interface = configuration.detect_local.interface_name_prefix;
      break;
  }
  return detector;
}

void add_conntrack(const Configuration::Conntrack& conntrack, const Machine& machine,
                   std::vector<netconf::Sysctl>& settings) {
  if (conntrack.max_per_core > 0) {
    std::int64_t most = std::min(conntrack.max_per_core * machine.processors,
                                 std::max(kMostConntrackEntries, conntrack.min));
    most = std::max(most, conntrack.min);
    settings.push_back({"net/netfilter/nf_conntrack_max", std::to_string(most)});
    // A table of short chains: never made smaller, since that costs a pause for nothing.
    if (version_of(machine) >= kBucketsCanBeWritten) {
      settings.push_back({"net/netfilter/nf_conntrack_buckets",
                          std::to_string(most / kConntrackEntriesABucket), /*at_least=*/true});
    }
  }
  auto timeout = [&](const char* name, base::Duration duration) {
    if (duration > base::Duration::zero()) {
      settings.push_back(
          {std::string("net/netfilter/nf_conntrack_") + name, std::to_string(seconds(duration))});
    }
  };
  timeout("tcp_timeout_established", conntrack.tcp_established_timeout);
  timeout("tcp_timeout_close_wait", conntrack.tcp_close_wait_timeout);
  timeout("udp_timeout", conntrack.udp_timeout);
  timeout("udp_timeout_stream", conntrack.udp_stream_timeout);
  if (conntrack.tcp_be_liberal)
    settings.push_back({"net/netfilter/nf_conntrack_tcp_be_liberal", "1"});
}

}  // namespace

std::vector<netconf::Sysctl> needed_sysctls(const Configuration& configuration,
                                            const Machine& machine) {
  std::vector<netconf::Sysctl> settings = {
      {"net/ipv4/vs/conntrack", "1"},
      {"net/ipv4/vs/expire_nodest_conn", "1"},
      {"net/ipv4/vs/expire_quiescent_template", "1"},
      {"net/ipv4/ip_forward", "1"},
  };
  std::pair<int, int> version = version_of(machine);
  if (version >= std::pair(4, 1) && version < std::pair(5, 9)) {
    settings.push_back({"net/ipv4/vs/conn_reuse_mode", "0"});
  }
  if (configuration.ipvs.strict_arp) {
    settings.push_back({"net/ipv4/conf/all/arp_ignore", "1"});
    settings.push_back({"net/ipv4/conf/all/arp_announce", "2"});
  }
  add_conntrack(configuration.conntrack, machine, settings);
  return settings;
}

HostOptions host_options(const Configuration& configuration, const Machine& machine) {
  HostOptions options;
  options.ipv6 = machine.ipv6;
  options.scheduler = configuration.ipvs.scheduler;
  options.rules.masquerade_bit = static_cast<int>(configuration.iptables.masquerade_bit);
  options.rules.masquerade_all = configuration.iptables.masquerade_all;
  options.rules.local_detector = local_detector(configuration);
  options.rules.random_fully =
      configuration.ipvs_agent.masquerade_random_fully && machine.random_fully;
  options.sysctls = needed_sysctls(configuration, machine);
  options.timeouts = {.tcp_s = seconds(configuration.ipvs.tcp_timeout),
                      .tcp_fin_s = seconds(configuration.ipvs.tcp_fin_timeout),
                      .udp_s = seconds(configuration.ipvs.udp_timeout)};
  options.max_set_elements =
      static_cast<std::uint32_t>(configuration.ipvs_agent.ipset_max_elements);
  options.exclude_cidrs = configuration.ipvs.exclude_cidrs;
  if (configuration.ipvs_agent.drain_timeout > base::Duration::zero()) {
    options.drain_limit = configuration.ipvs_agent.drain_timeout;
  }
  // The masquerading bit has its own meaning, wherever the user puts it.
  options.inside_mark_mask =
      static_cast<std::uint32_t>(configuration.ipvs_agent.inside_traffic_mark_mask) &
      ~(std::uint32_t{1} << configuration.iptables.masquerade_bit);
  options.rules.echo = configuration.ipvs_agent.echo_to_service_addresses;
  options.audit_period = configuration.ipvs_agent.audit_period;
  return options;
}

LoopOptions loop_options(const Configuration& configuration, const Machine& machine,
                         std::string node_name) {
  LoopOptions options;
  options.node_name = std::move(node_name);
  options.policy.scheduler = configuration.ipvs.scheduler;
  // Maglev hashing looks at the client's port as well, as kube-proxy asks of it; and, unlike there,
  // goes on to another real server where the one it hit drains: without, that client is refused.
  if (configuration.ipvs.scheduler == "mh") {
    options.policy.scheduler_flags = ipvs::kFlagScheduler1 | ipvs::kFlagScheduler2;
  }
  options.policy.ipv6 = machine.ipv6;
  options.node_ports = configuration.node_port_addresses;
  options.follow_pod_cidrs = configuration.detect_local_mode == DetectLocalMode::kNodeCidr;
  options.min_sync_period = configuration.ipvs.min_sync_period;
  options.node_wait = kNodeWait;
  return options;
}

}  // namespace agent
