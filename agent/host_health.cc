#include <array>
#include <optional>
#include <string>
#include <vector>

#include "agent/host.h"
#include "agent/scheduler_probe.h"

// Whether the kernel tables work at all. A failure may be one Service's, which is no reason to take
// a node out of its load balancers, or the table's, which is.
namespace agent {
namespace {

using base::Code;
using base::Family;
using base::Status;

// Failed rounds in a row after which a table has to prove itself.
constexpr int kRoundsBeforeProbe = 2;

enum class Evidence : std::uint8_t { kNone, kFailed, kWorks };

// What one kind of answer says of the table that gave it. A refusal is none: it may be right.
Evidence evidence_of(Code code) {
  if (code == Code::kOk) return Evidence::kWorks;
  switch (classify(Status(code, ""))) {
    case FailureClass::kDrift: return Evidence::kWorks;
    case FailureClass::kTransient:
    case FailureClass::kFatal: return Evidence::kFailed;
    case FailureClass::kInterrupted:
    case FailureClass::kRejected: return Evidence::kNone;
  }
  return Evidence::kNone;
}

std::string writing(HostTable table) {
  return "writing the " + std::string(to_string(table)) + " table";
}

HostTable table_of(const HostThing& thing) {
  struct Visitor {
    HostTable operator()(const ipvs::VirtualServerKey&) { return HostTable::kIpvs; }
    HostTable operator()(const base::IpAddress&) { return HostTable::kAddress; }
    HostTable operator()(const SetEntry&) { return HostTable::kIpset; }
    HostTable operator()(const RulesOf&) { return HostTable::kIptables; }
  };
  return std::visit(Visitor(), thing);
}

}  // namespace

// A table of which something was written works. One of which everything failed, in several rounds,
// is asked for something that must succeed if anything does.
void Host::judge_tables(const RoundReport& report, base::TimePoint now) {
  for (HostTable table : {HostTable::kIpvs, HostTable::kAddress, HostTable::kIpset}) {
    Evidence found = Evidence::kNone;
    for (const auto& [kind, count] : report.operations) {
      if (std::get<HostTable>(kind) != table) continue;
      found = std::max(found, evidence_of(std::get<Code>(kind)));
    }
    int& failed_rounds = failed_rounds_[static_cast<std::size_t>(table)];
    if (found == Evidence::kWorks) {
      failed_rounds = 0;
      table_health_.worked(writing(table));
    }
    if (found != Evidence::kFailed) continue;
    const HostFailure* failure = nullptr;
    for (const HostFailure& one : report.failures) {
      if (failure == nullptr && table_of(one.thing) == table) failure = &one;
    }
    if (failure == nullptr) continue;
    if (++failed_rounds >= kRoundsBeforeProbe && probe(table, failure->thing)) {
      table_health_.worked(writing(table));
    } else {
      table_health_.failed(writing(table), failure->status, now);
    }
  }
}

// Whether the table does for others what it did not do for `failed`: writes something that is there
// already, or that goes again at once. A table that holds nothing cannot prove itself.
bool Host::probe(HostTable table, const HostThing& failed) {
  if (table == HostTable::kIpvs) {
    return probe_scheduler(tables_.ipvs, options_.scheduler).ok();
  }
  if (table == HostTable::kAddress) {
    const auto& bound = believed_.addresses();
    if (bound.empty()) return false;
    std::vector<netconf::AddressOp> again = {netconf::BindAddress{*bound.begin()}};
    Status status = tables_.addresses.apply(again).front();
    return status.ok() || status.code() == Code::kAlreadyExists;
  }
  std::optional<SetEntry> present;
  auto look_in = [&](SetId set, Family family) {
    const auto& entries = believed_.set(set, family);
    if (!present && !entries.empty()) present = SetEntry{set, family, *entries.begin()};
  };
  // At best of the same set.
  if (const auto* entry = std::get_if<SetEntry>(&failed)) look_in(entry->set, entry->family);
  for (Family family : families()) {
    for (SetId set : all_sets()) look_in(set, family);
  }
  if (!present) return false;
  return sets_.add(*present).ok();
}

}  // namespace agent
