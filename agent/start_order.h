#ifndef IPVS_AGENT_AGENT_START_ORDER_H_
#define IPVS_AGENT_AGENT_START_ORDER_H_

#include <vector>

#include "agent/desired_host.h"

namespace agent {

// The first round of a cold start, in the parts in which it is to be applied. The Services that
// nothing else on a node works without (the API, DNS) come first; then everything, wanted set
// entries before the virtual servers that need them, what nothing wants last. Addresses come up as
// the parts are done.
std::vector<Touched> start_parts(Touched everything, const DesiredHost& desired);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_START_ORDER_H_
