#include "agent/local_detector.h"

namespace agent {

std::string match_from_pods(const LocalDetector& detector, base::Family family) {
  switch (detector.kind) {
    case LocalDetector::Kind::kNone: return "";
    case LocalDetector::Kind::kPodCidr:
      for (const base::IpPrefix& cidr : detector.pod_cidrs) {
        if (cidr.family() == family) return "-s " + cidr.masked().to_string();
      }
      return "";
    case LocalDetector::Kind::kBridgeInterface: return "-i " + detector.interface;
    case LocalDetector::Kind::kInterfacePrefix: return "-i " + detector.interface + "+";
  }
  return "";
}

}  // namespace agent
