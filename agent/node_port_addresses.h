#ifndef IPVS_AGENT_AGENT_NODE_PORT_ADDRESSES_H_
#define IPVS_AGENT_AGENT_NODE_PORT_ADDRESSES_H_

#include <vector>

#include "base/ip_address.h"

namespace agent {

// nodePortAddresses of the configuration: which of the node's addresses NodePorts are served on.
// Neither CIDRs nor `primary`: on all. A family without a CIDR of its own is served on all.
struct NodePortAddresses {
  bool primary = false;  // only on the node's own addresses; `cidrs` is then empty
  std::vector<base::IpPrefix> cidrs;

  friend bool operator==(const NodePortAddresses&, const NodePortAddresses&) = default;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_NODE_PORT_ADDRESSES_H_
