#ifndef IPVS_AGENT_AGENT_METERED_CONNTRACK_H_
#define IPVS_AGENT_AGENT_METERED_CONNTRACK_H_

#include <span>
#include <vector>

#include "agent/metrics.h"
#include "base/clock.h"
#include "netconf/conntrack_table.h"

namespace agent {

// A ConntrackTable that measures each cleaning, from the read that finds flows to the operations
// that delete them, as kube-proxy's metrics show it.
//
// Ownership: none; all three outlive it. Threading: one owner.
class MeteredConntrack final : public netconf::ConntrackTable {
 public:
  MeteredConntrack(netconf::ConntrackTable& table, const base::Clock& clock, Metrics& metrics)
      : table_(table), clock_(clock), metrics_(metrics) {}

  base::Result<netconf::FlowList> read_udp(base::Family family,
                                           const netconf::FlowFilter& wanted) override {
    family_ = family;
    began_ = clock_.now();
    base::Result<netconf::FlowList> flows = table_.read_udp(family, wanted);
    if (!flows) metrics_.observe_conntrack_cleaning(family, clock_.now() - began_, 0);
    return flows;
  }

  std::vector<base::Status> apply(std::span<const netconf::DeleteFlow> ops) override {
    std::vector<base::Status> statuses = table_.apply(ops);
    std::size_t deleted = 0;
    for (const base::Status& status : statuses) deleted += status.ok();
    metrics_.observe_conntrack_cleaning(family_, clock_.now() - began_, deleted);
    return statuses;
  }

 private:
  netconf::ConntrackTable& table_;
  const base::Clock& clock_;
  Metrics& metrics_;
  base::Family family_ = base::Family::kIpv4;  // of the last read
  base::TimePoint began_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_METERED_CONNTRACK_H_
