#include "agent/round_report.h"

namespace agent {

std::string_view to_string(HostTable table) {
  switch (table) {
    case HostTable::kIpvs: return "ipvs";
    case HostTable::kAddress: return "address";
    case HostTable::kIpset: return "ipset";
    case HostTable::kIptables: return "iptables";
    case HostTable::kConntrack: return "conntrack";
  }
  return "unknown";
}

}  // namespace agent
