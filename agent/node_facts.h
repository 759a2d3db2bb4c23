#ifndef IPVS_AGENT_AGENT_NODE_FACTS_H_
#define IPVS_AGENT_AGENT_NODE_FACTS_H_

#include <span>
#include <string>
#include <vector>

#include "agent/node_port_addresses.h"
#include "agent/policy.h"
#include "base/ip_address.h"
#include "netconf/address_table.h"
#include "watchers/objects.h"

namespace agent {

// Puts together what planning needs to know of the node. `node` may be null (not known yet); then
// there is no zone and no primary address. Addresses of the service device are never among
// `host_addresses`, so a NodePort can not be served on a service address.
NodeFacts make_node_facts(const std::string& name, const watchers::Node* node,
                          std::span<const netconf::NodeAddress> host_addresses,
                          const NodePortAddresses& node_ports);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_NODE_FACTS_H_
