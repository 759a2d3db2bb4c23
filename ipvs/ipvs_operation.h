#ifndef IPVS_AGENT_IPVS_IPVS_OPERATION_H_
#define IPVS_AGENT_IPVS_IPVS_OPERATION_H_

#include <string>
#include <string_view>

#include "ipvs/ipvs_table.h"

// What an operation on the IPVS table is about.
namespace ipvs {

// The virtual server that it changes or whose real server it changes; an empty key for SetTimeouts.
const VirtualServerKey& virtual_server_of(const IpvsOp& op);

// "add_virtual_server", "edit_virtual_server", "delete_virtual_server", "add_real_server",
// "edit_real_server", "delete_real_server" or "set_timeouts": a label of metrics.
std::string_view verb_of(const IpvsOp& op);

// The scheduler that it names; null where it names none.
const std::string* scheduler_of(const IpvsOp& op);

// Whether it takes a virtual or real server away.
bool deletes(const IpvsOp& op);

}  // namespace ipvs

#endif  // IPVS_AGENT_IPVS_IPVS_OPERATION_H_
