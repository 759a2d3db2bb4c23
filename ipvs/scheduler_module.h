#ifndef IPVS_AGENT_IPVS_SCHEDULER_MODULE_H_
#define IPVS_AGENT_IPVS_SCHEDULER_MODULE_H_

#include <string_view>

namespace ipvs {

// Loads the module of a scheduler by modprobe(8) where that must happen before a virtual server
// asks for it; best effort, a failure is left to the kernel to report.
//
// Kernel notes: adding a virtual server makes the kernel load a missing scheduler while it holds
// the IPVS lock. lblc and lblcr register themselves with every network namespace when they load,
// and that waits for the removal of any namespace under way, which waits for the IPVS lock: the
// node can make and remove no namespace (no pod) until the process that asked is killed. Seen
// on 6.1. The other schedulers register nothing and load safely on demand.
void load_scheduler_module(std::string_view scheduler);

}  // namespace ipvs

#endif  // IPVS_AGENT_IPVS_SCHEDULER_MODULE_H_
