#ifndef IPVS_AGENT_TESTS_FAKES_FAKE_CONNTRACK_H_
#define IPVS_AGENT_TESTS_FAKES_FAKE_CONNTRACK_H_

#include <algorithm>
#include <cerrno>
#include <span>
#include <string>
#include <vector>

#include "netconf/conntrack_table.h"

namespace fakes {

// Tracked flows in memory.
//
// Threading: one owner.
class FakeConntrack final : public netconf::ConntrackTable {
 public:
  base::Result<netconf::FlowList> read_udp(base::Family family,
                                           const netconf::FlowFilter& wanted) override {
    netconf::FlowList list;
    list.complete = complete_;
    for (const netconf::Flow& flow : flows_) {
      if (flow.protocol == base::Protocol::kUdp && flow.original.source.family() == family &&
          wanted(flow)) {
        list.flows.push_back(flow);
      }
    }
    return list;
  }

  std::vector<base::Status> apply(std::span<const netconf::DeleteFlow> ops) override {
    std::vector<base::Status> outcomes;
    for (const netconf::DeleteFlow& op : ops) {
      // The kernel finds a flow by its original direction and, where the id is given, compares it.
      auto same = [&](const netconf::Flow& flow) {
        return flow.protocol == op.flow.protocol && flow.original == op.flow.original &&
               flow.zone == op.flow.zone && (op.flow.id == 0 || flow.id == op.flow.id);
      };
      bool found = std::erase_if(flows_, same) > 0;
      log_.push_back(to_text(op) + (found ? "" : " # ENOENT"));
      outcomes.push_back(found ? base::Status() : base::Status::from_errno(ENOENT, to_text(op)));
    }
    return outcomes;
  }

  std::vector<netconf::Flow>& flows() { return flows_; }
  // Whether reads are told to have met a changing table.
  void set_complete(bool complete) { complete_ = complete; }
  const std::vector<std::string>& log() const { return log_; }
  void clear_log() { log_.clear(); }

 private:
  std::vector<netconf::Flow> flows_;
  std::vector<std::string> log_;
  bool complete_ = true;
};

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_FAKE_CONNTRACK_H_
