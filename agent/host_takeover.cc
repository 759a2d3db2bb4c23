#include <algorithm>
#include <utility>

#include "agent/host.h"
#include "agent/other_modes.h"

// Taking a node over from kube-proxy's iptables or nftables mode.
namespace agent {
namespace {

using base::Family;
using base::Status;
using base::TimePoint;

constexpr char kProblem[] = "rules of kube-proxy's other modes";

}  // namespace

RoundReport Host::end_start(TimePoint now) {
  RoundReport report;
  if (options_.shadow) return report;
  hold_rules_ = false;
  sync_rules(report, now);
  save_presence();
  remove_other_modes(report, now);
  return report;
}

// A part a round, so that changes of the API are applied between two of them.
void Host::remove_other_modes(RoundReport& report, TimePoint now) {
  other_modes_due_ = false;
  auto nft_tables = nftables_mode();
  if (old_rules_.empty()) {
    if (!decide_removal(!nft_tables.ok() || !nft_tables->empty(), now)) return;
  }
  if (!old_rules_.empty()) remove_part(report);
  if (!old_rules_.empty()) {
    other_modes_due_ = true;
    other_modes_due_since_ = now;
    return;
  }
  Status failure = std::exchange(removal_failure_, nft_tables.status());
  if (nft_tables.ok()) removal_failure_ = remove_nftables_mode(*nft_tables, report);
  if (failure.ok()) failure = std::exchange(removal_failure_, {});
  removal_failure_ = {};
  other_modes_gone_ = failure.ok();
  if (failure.ok()) {
    problems_.erase(kProblem);
  } else {
    problems_[kProblem] =
        "could not be removed, tried again at the next audit: " + failure.message();
  }
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
  other_modes_gone_ = !any;
  const bool waits = std::ranges::any_of(retries_.all(), [](const auto& waiting) {
    return waiting.second.failure != FailureClass::kRejected;
  });
  const bool proven = std::exchange(proven_, false);
  if (other_modes_gone_ || waits) return false;
  if (!proven) {
    for (Family family : families()) {
      unproven_.set(family == Family::kIpv6);
      read_rules_again(family, false, now);
    }
    for (Family family : families()) take_rules(family, nullptr, now);
    if (!std::exchange(proven_, false)) return false;
    other_modes_due_ = false;
  }
  for (Family family : families()) {
    auto parts = without_iptables_mode(*rules_[family == Family::kIpv6]);
    std::size_t operations = 0;
    for (const auto& part : parts) operations += part.size();
    for (auto& part : parts) old_rules_.push_back({family, std::move(part), operations, false});
    if (!parts.empty()) old_rules_.back().last = true;
  }
  return true;
}

// The rules of a family have been read: whether they are as they should be.
void Host::prove_rules(Family family, bool right) {
  if (unproven_.none()) return;
  if (right) {
    unproven_.reset(family == Family::kIpv6);
    proven_ = unproven_.none();
    other_modes_due_ = proven_;
  } else {
    unproven_.reset();  // tried again at an audit
  }
}

void Host::remove_part(RoundReport& report) {
  const OldRules part = std::move(old_rules_.front());
  old_rules_.pop_front();
  Status status = tables_.iptables.apply(part.family, part.removal).front();
  report.count(HostTable::kIptables, "remove_other_mode", status);
  if (!status.ok()) {
    if (removal_failure_.ok()) removal_failure_ = status;
    std::erase_if(old_rules_, [&](const OldRules& rest) { return rest.family == part.family; });
    return;
  }
  std::optional<netconf::IptablesState>& rules = rules_[part.family == Family::kIpv6];
  rules = after(std::move(*rules), part.removal);
  rules_reading_.outdate(part.family);
  if (!part.last) return;
  report.lines.push_back(std::string(part.family == Family::kIpv4 ? "iptables" : "ip6tables") +
                         "-restore --noflush: " + std::to_string(part.operations) +
                         " chains and jumps of kube-proxy's iptables mode removed");
}

base::Result<std::vector<netconf::DeleteNftTable>> Host::nftables_mode() {
  std::vector<netconf::DeleteNftTable> ops;
  auto tables = tables_.nft.read();
  // A kernel without nf_tables has no such mode.
  if (tables.status().code() == base::Code::kUnsupported) return ops;
  if (!tables.ok()) return tables.status();
  for (const netconf::NftTable& table : *tables) {
    if (of_nftables_mode(table)) ops.push_back({table});
  }
  return ops;
}

Status Host::remove_nftables_mode(std::span<const netconf::DeleteNftTable> ops,
                                  RoundReport& report) {
  Status failure;
  std::vector<Status> statuses = tables_.nft.apply(ops);
  for (std::size_t i = 0; i < ops.size(); ++i) {
    report.count(HostTable::kIptables, "remove_other_mode", statuses[i]);
    if (!statuses[i].ok() && statuses[i].code() != base::Code::kNotFound) {
      if (failure.ok()) failure = statuses[i];
      continue;
    }
    report.lines.push_back("nft " + netconf::to_text(ops[i]));
  }
  return failure;
}

}  // namespace agent
