#ifndef IPVS_AGENT_AGENT_DRIFT_H_
#define IPVS_AGENT_AGENT_DRIFT_H_

#include <string>

#include "agent/retries.h"

namespace agent {

// A thing that was found to differ from what was believed.
struct Drift {
  HostThing thing;
  std::string what;
  bool held = false;  // its repair waits: see Rivals
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_DRIFT_H_
