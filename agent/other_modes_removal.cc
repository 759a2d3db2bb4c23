#include "agent/other_modes_removal.h"

#include <utility>

#include "agent/other_modes.h"

namespace agent {

using base::Family;
using base::Status;

std::optional<base::TimePoint> OtherModesRemoval::due() const {
  return due_ ? std::optional(due_since_) : std::nullopt;
}

void OtherModesRemoval::audit(base::TimePoint now) {
  due_ = !gone_;
  due_since_ = now;
}

void OtherModesRemoval::ask_for_proof(std::span<const Family> families) {
  for (Family family : families) unproven_.set(family == Family::kIpv6);
}

void OtherModesRemoval::prove(Family family, bool right) {
  if (unproven_.none()) return;
  if (right) {
    unproven_.reset(family == Family::kIpv6);
    proven_ = unproven_.none();
    due_ = proven_;
  } else {
    unproven_.reset();  // tried again at an audit
  }
}

bool OtherModesRemoval::take_proof() {
  if (!std::exchange(proven_, false)) return false;
  due_ = false;
  return true;
}

void OtherModesRemoval::remove(Family family, std::vector<std::vector<netconf::IptablesOp>> parts) {
  std::size_t operations = 0;
  for (const auto& part : parts) operations += part.size();
  for (auto& part : parts) parts_.push_back({family, std::move(part), operations, false});
  if (!parts.empty()) parts_.back().last = true;
}

std::optional<OtherModesRemoval::RemovedRules> OtherModesRemoval::remove_part(RoundReport& report,
                                                                              base::TimePoint now) {
  Part part = std::move(parts_.front());
  parts_.pop_front();
  Status status = iptables_.apply(part.family, part.ops).front();
  report.count(HostTable::kIptables, "remove_other_mode", status);
  if (!status.ok()) {
    if (failure_.ok()) failure_ = status;
    std::erase_if(parts_, [&](const Part& rest) { return rest.family == part.family; });
  } else if (part.last) {
    report.lines.push_back(std::string(part.family == Family::kIpv4 ? "iptables" : "ip6tables") +
                           "-restore --noflush: " + std::to_string(part.of_family) +
                           " chains and jumps of kube-proxy's iptables mode removed");
  }
  if (has_parts()) {
    due_ = true;
    due_since_ = now;
  }
  if (!status.ok()) return std::nullopt;
  return RemovedRules{part.family, std::move(part.ops)};
}

base::Result<std::vector<netconf::DeleteNftTable>> OtherModesRemoval::nftables_mode() const {
  std::vector<netconf::DeleteNftTable> ops;
  auto tables = nft_.read();
  if (tables.status().code() == base::Code::kUnsupported) return ops;
  if (!tables.ok()) return tables.status();
  for (const netconf::NftTable& table : *tables) {
    if (of_nftables_mode(table)) ops.push_back({table});
  }
  return ops;
}

Status OtherModesRemoval::finish(const base::Result<std::vector<netconf::DeleteNftTable>>& tables,
                                 RoundReport& report) {
  Status of_tables = tables.ok() ? remove_nftables_mode(*tables, report) : tables.status();
  Status failure = std::exchange(failure_, {});
  if (failure.ok()) failure = std::move(of_tables);
  gone_ = failure.ok();
  return failure;
}

Status OtherModesRemoval::remove_nftables_mode(std::span<const netconf::DeleteNftTable> ops,
                                               RoundReport& report) {
  Status failure;
  std::vector<Status> statuses = nft_.apply(ops);
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
