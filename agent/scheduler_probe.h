#ifndef IPVS_AGENT_AGENT_SCHEDULER_PROBE_H_
#define IPVS_AGENT_AGENT_SCHEDULER_PROBE_H_

#include <string>

#include "base/result.h"
#include "ipvs/ipvs_table.h"

namespace agent {

// Adds a virtual server with this scheduler at an address that nobody uses, and takes it away:
// shows that the table can be written. Errors: those of the table.
base::Status probe_scheduler(ipvs::IpvsTable& table, const std::string& scheduler);

// Whether the kernel has an IPVS scheduler. One that it does not have would fail every virtual
// server with a misleading errno, so it is probed once, unless a virtual server shows already that
// it is there. Errors: kUnsupported, with the remedy; those of the table.
base::Status try_scheduler(ipvs::IpvsTable& table, const std::string& scheduler);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_SCHEDULER_PROBE_H_
