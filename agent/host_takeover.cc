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
  remove_other_modes(report);
  return report;
}

// What the other mode does for traffic goes on until ours is known to do it: whatever waits for a
// retry holds the removal up, but for what the kernel will never take.
bool Host::serves_by_itself() {
  for (const auto& [thing, waiting] : retries_.all()) {
    if (waiting.failure != FailureClass::kRejected) return false;
  }
  for (Family family : families()) {
    auto rules = read_rules(family);
    if (!rules.ok()) return false;
    std::size_t index = family == Family::kIpv6;
    RuleBook book = render_rules(options_.rules, family, filled_sets(family), usable_sets_[index]);
    bool right = rules_change(book, *rules).empty();
    rules_[index] = *std::move(rules);
    if (!right) return false;
  }
  return true;
}

void Host::remove_other_modes(RoundReport& report) {
  other_modes_due_ = false;
  auto nft_tables = nftables_mode();
  bool any = !nft_tables.ok() || !nft_tables->empty();
  for (Family family : families()) {
    const auto& rules = rules_[family == Family::kIpv6];
    any = any || !rules || !without_iptables_mode(*rules).empty();
  }
  other_modes_gone_ = !any;
  if (other_modes_gone_ || !serves_by_itself()) return;
  Status failure = nft_tables.status();
  auto keep_first = [&](const Status& status) {
    if (!status.ok() && failure.ok()) failure = status;
  };
  for (Family family : families()) keep_first(remove_iptables_mode(family, report));
  if (nft_tables.ok()) keep_first(remove_nftables_mode(*nft_tables, report));
  other_modes_gone_ = failure.ok();
  if (failure.ok()) {
    problems_.erase(kProblem);
  } else {
    problems_[kProblem] =
        "could not be removed, tried again at the next audit: " + failure.message();
  }
}

Status Host::remove_iptables_mode(Family family, RoundReport& report) {
  std::optional<netconf::IptablesState>& rules = rules_[family == Family::kIpv6];
  std::size_t removed = 0;
  const std::vector<std::vector<netconf::IptablesOp>> parts = without_iptables_mode(*rules);
  if (parts.empty()) return {};
  for (const std::vector<netconf::IptablesOp>& part : parts) {
    Status status = tables_.iptables.apply(family, part).front();
    report.count(HostTable::kIptables, "remove_other_mode", status);
    if (!status.ok()) return status;
    rules = after(std::move(*rules), part);
    removed += part.size();
  }
  report.lines.push_back(std::string(family == Family::kIpv4 ? "iptables" : "ip6tables") +
                         "-restore --noflush: " + std::to_string(removed) +
                         " chains and jumps of kube-proxy's iptables mode removed");
  return {};
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
