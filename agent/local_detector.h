#ifndef IPVS_AGENT_AGENT_LOCAL_DETECTOR_H_
#define IPVS_AGENT_AGENT_LOCAL_DETECTOR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip_address.h"

namespace agent {

// How traffic that comes from pods of this node is told from other traffic.
struct LocalDetector {
  enum class Kind : std::uint8_t { kNone, kPodCidr, kBridgeInterface, kInterfacePrefix };
  Kind kind = Kind::kNone;
  std::vector<base::IpPrefix> pod_cidrs;  // kPodCidr: the first of a family counts
  std::string interface;                  // kBridgeInterface, kInterfacePrefix
};

// The match of iptables(8) for packets that come from pods of this node: "-s 10.244.0.0/16"; ""
// where pods cannot be told from others.
std::string match_from_pods(const LocalDetector& detector, base::Family family);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_LOCAL_DETECTOR_H_
