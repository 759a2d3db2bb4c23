#ifndef IPVS_AGENT_AGENT_RUNNING_DRAINS_H_
#define IPVS_AGENT_AGENT_RUNNING_DRAINS_H_

#include <cstddef>
#include <vector>

#include "agent/loop.h"
#include "agent/status_answer.h"
#include "base/clock.h"

namespace agent {

// A real server that no plan wants any more and that keeps its connections.
struct RunningDrain {
  watchers::ObjectKey service;  // that has the virtual server; an empty name where none does
  ipvs::VirtualServerKey virtual_server;
  RealServerStatus real_server;  // connections as last looked at
};

struct RunningDrains {
  std::vector<RunningDrain> oldest;  // by their beginning
  std::size_t total = 0;
};

// The oldest of all drains, at most so many. Asks the kernel nothing.
RunningDrains running_drains(const Loop& loop, std::size_t most, base::TimePoint now);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_RUNNING_DRAINS_H_
