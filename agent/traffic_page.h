#ifndef IPVS_AGENT_AGENT_TRAFFIC_PAGE_H_
#define IPVS_AGENT_AGENT_TRAFFIC_PAGE_H_

#include <string>
#include <vector>

#include "agent/traffic_owners.h"
#include "ipvs/ipvs_table.h"

namespace agent {

// A virtual server of ours as the kernel has it, and whose it is.
struct TrafficRow {
  TrafficOwner owner;
  ipvs::VirtualServerState state;
};

// The part of the page of metrics that shows them, in Prometheus' text format: one series for each
// virtual server (and, with `endpoints`, real server) and counter. The counters are the kernel's,
// so one that begins anew is a virtual server that was made anew, which rate() understands; a sum
// of several would lose what the ones that went had counted. "" without rows.
//
// Written by hand: the registry's values take ten times the memory of their text, and there may be
// a hundred thousand.
std::string traffic_page(const std::vector<TrafficRow>& rows, bool endpoints);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_TRAFFIC_PAGE_H_
