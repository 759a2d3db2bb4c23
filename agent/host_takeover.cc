#include <algorithm>
#include <utility>

#include "agent/host.h"
#include "agent/other_modes.h"

// Taking a node over from kube-proxy's iptables or nftables mode.
namespace agent {

using base::Family;
using base::TimePoint;

RoundReport Host::end_start(TimePoint now) {
  RoundReport report;
  if (options_.shadow) return report;
  hold_rules_ = false;
  sync_rules(report, now);
  note_problem(Presence::kProblem, presence_.save());
  remove_other_modes(report, now);
  return report;
}

void Host::remove_other_modes(RoundReport& report, TimePoint now) {
  other_modes_.begin_round();
  auto nft_tables = other_modes_.nftables_mode();
  if (!other_modes_.has_parts()) {
    if (!decide_removal(!nft_tables.ok() || !nft_tables->empty(), now)) return;
  }
  if (other_modes_.has_parts()) {
    if (auto removed = other_modes_.remove_part(report, now)) {
      std::optional<netconf::IptablesState>& rules = rules_[removed->family == Family::kIpv6];
      rules = after(std::move(*rules), removed->ops);
      rules_reading_.outdate(removed->family);
    }
  }
  if (other_modes_.has_parts()) return;
  note_problem(OtherModesRemoval::kProblem,
               other_modes_.finish(nft_tables, report)
                   .in("could not be removed, tried again at the next audit"));
}

// What the other mode does for traffic goes on until ours is known to do it: whatever waits for a
// retry holds the removal up, but for what the kernel will never take; and our rules are to be read
// back as written first. Returns whether the removal may begin.
bool Host::decide_removal(bool nft_tables_left, TimePoint now) {
  bool any = nft_tables_left;
  for (Family family : families()) {
    const auto& rules = rules_[family == Family::kIpv6];
    any = any || !rules || !without_iptables_mode(*rules).empty();
  }
  other_modes_.set_gone(!any);
  const bool waits = std::ranges::any_of(retries_.all(), [](const auto& waiting) {
    return waiting.second.failure != FailureClass::kRejected;
  });
  const bool proven = other_modes_.take_proof();
  if (!any || waits) return false;
  if (!proven) {
    other_modes_.ask_for_proof(families());
    for (Family family : families()) read_rules_again(family, false, now);
    for (Family family : families()) take_rules(family, nullptr, now);
    if (!other_modes_.take_proof()) return false;
  }
  for (Family family : families()) {
    other_modes_.remove(family, without_iptables_mode(*rules_[family == Family::kIpv6]));
  }
  return true;
}

}  // namespace agent
