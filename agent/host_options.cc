#include <algorithm>
#include <utility>

#include "agent/host.h"

// Options of a Host that change while it works.
namespace agent {

void Host::reconfigure(HostOptions options, base::TimePoint now) {
  bool other_timeouts = options.timeouts != options_.timeouts;
  for (const netconf::Sysctl& setting : options_.sysctls) {
    problems_.erase("sysctl " + setting.name);
  }
  options.device = options_.device;
  options.seed = options_.seed;
  options.shadow = options_.shadow;
  options.ipv4 = options_.ipv4;
  options.ipv6 = options_.ipv6;
  options.max_set_elements = options_.max_set_elements;
  options.inside_mark_mask = options_.inside_mark_mask;
  const bool other_bit = options.rules.masquerade_bit != options_.rules.masquerade_bit;
  options_ = std::move(options);
  if (other_bit) renew_marks();
  apply_sysctls(now);
  if (other_timeouts) apply_timeouts();
  rivals_.set_audit_period(options_.audit_period);
  drains_.set_limit(options_.drain_limit);
  if (drains_.size() > 0) next_drain_poll_ = now;
  const base::TimePoint audit = std::min(audit_slices_.due(), now + options_.audit_period);
  audit_slices_.set_due(options_.shadow ? now : audit);
  rendered_for_ = {};
}

void Host::apply_timeouts() {
  if (options_.shadow) return;
  problems_.erase("ipvs time-outs");
  if (options_.timeouts == ipvs::Timeouts()) return;
  std::vector<ipvs::IpvsOp> ops = {ipvs::SetTimeouts{options_.timeouts}};
  if (base::Status status = tables_.ipvs.apply(ops).front(); !status.ok()) {
    problems_["ipvs time-outs"] = status.message();
  }
}

void Host::set_pod_cidrs(std::vector<base::IpPrefix> cidrs) {
  LocalDetector& detector = options_.rules.local_detector;
  if (detector.pod_cidrs == cidrs) return;
  detector.pod_cidrs = std::move(cidrs);
  rendered_for_ = {};
}

}  // namespace agent
