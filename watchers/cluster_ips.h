#ifndef IPVS_AGENT_WATCHERS_CLUSTER_IPS_H_
#define IPVS_AGENT_WATCHERS_CLUSTER_IPS_H_

#include <string>
#include <vector>

#include "base/ip_address.h"

namespace watchers {

// The fields of a Service that say where it is reached inside the cluster, as the API spells them.
struct ClusterIpFields {
  std::string cluster_ip;                // spec.clusterIP
  std::vector<std::string> cluster_ips;  // spec.clusterIPs
  std::vector<std::string> ip_families;  // spec.ipFamilies, of each of them
};

struct ClusterIps {
  bool headless = false;                   // "None" or nothing in the first place
  std::vector<base::IpAddress> addresses;  // one a family at most, the primary one first
  std::vector<std::string> problems;       // each says what was found and what is allowed
};

// Chooses as kube-proxy does. Servers from before dual stack give only clusterIP; without families
// only that counts, too.
ClusterIps choose_cluster_ips(const ClusterIpFields& fields);

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_CLUSTER_IPS_H_
