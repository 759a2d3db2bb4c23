#include "agent/config_checks.h"

#include "agent/go_duration.h"

namespace agent {

std::vector<std::string> contradictions(const Configuration& configuration) {
  std::vector<std::string> found;
  const Configuration::Ipvs& ipvs = configuration.ipvs;
  if (ipvs.min_sync_period > ipvs.sync_period) {
    found.push_back("ipvs.minSyncPeriod: found " + to_go_duration(ipvs.min_sync_period) +
                    "; allowed: at most ipvs.syncPeriod, which is " +
                    to_go_duration(ipvs.sync_period));
  }
  const Configuration::DetectLocal& local = configuration.detect_local;
  if (configuration.detect_local_mode == DetectLocalMode::kBridgeInterface &&
      local.bridge_interface.empty()) {
    found.emplace_back(
        "detectLocal.bridgeInterface: found nothing; detectLocalMode BridgeInterface needs the "
        "bridge's name");
  }
  if (configuration.detect_local_mode == DetectLocalMode::kInterfaceNamePrefix &&
      local.interface_name_prefix.empty()) {
    found.emplace_back(
        "detectLocal.interfaceNamePrefix: found nothing; detectLocalMode InterfaceNamePrefix needs "
        "a prefix");
  }
  return found;
}

std::vector<std::string> doubts(const Configuration& configuration) {
  std::vector<std::string> found;
  if (configuration.detect_local_mode == DetectLocalMode::kClusterCidr &&
      configuration.cluster_cidr.empty() && !configuration.iptables.masquerade_all) {
    found.emplace_back(
        "clusterCIDR: is empty, so traffic from outside the pods to cluster addresses is not "
        "masqueraded; set it, or choose another detectLocalMode");
  }
  const NodePortAddresses& addresses = configuration.node_port_addresses;
  if (!addresses.primary && addresses.cidrs.empty()) {
    found.emplace_back(
        "nodePortAddresses: is empty, so node ports answer on every address of the node; primary "
        "restricts them to the Node's own");
  }
  return found;
}

}  // namespace agent
