#ifndef IPVS_AGENT_AGENT_DRAIN_ANSWER_H_
#define IPVS_AGENT_AGENT_DRAIN_ANSWER_H_

#include <cstddef>
#include <vector>

#include "agent/drain_orders.h"
#include "agent/loop.h"
#include "agent/status_answer.h"
#include "base/result.h"

namespace agent {

// A real server that an order keeps at weight 0.
struct OrderedServer {
  watchers::ObjectKey service;
  ipvs::VirtualServerKey virtual_server;
  RealServerStatus real_server;
  bool alone = false;  // no other real server of the virtual server takes connections
};

struct OrderStatus {
  DrainOrder order;
  std::vector<OrderedServer> servers;
  std::size_t not_shown = 0;  // beyond the most that one answer looks at
};

// All orders and how far they have come. Errors: those of reading the kernel.
base::Result<std::vector<OrderStatus>> drain_status(const Loop& loop);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_DRAIN_ANSWER_H_
