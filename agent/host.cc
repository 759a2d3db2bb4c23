#include "agent/host.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "ipvs/ipvs_operation.h"
#include "ipvs/text.h"

namespace agent {
namespace {

using base::Family;
using base::Status;
using base::TimePoint;

// The virtual server that the operation before this one made, if this one and those behind it gave
// it `count` real servers. Null otherwise.
const ipvs::VirtualServer* made_whole(const std::vector<ipvs::IpvsOp>& ops,
                                      const std::vector<Status>& statuses, std::size_t first,
                                      std::size_t count) {
  if (first == 0 || count == 0 || ops.size() - first < count) return nullptr;
  const auto* made = std::get_if<ipvs::AddVirtualServer>(&ops[first - 1]);
  if (made == nullptr || !statuses[first - 1].ok()) return nullptr;
  for (std::size_t i = first; i < first + count; ++i) {
    const auto* add = std::get_if<ipvs::AddRealServer>(&ops[i]);
    if (!statuses[i].ok() || add == nullptr || add->virtual_server != made->server.key) {
      return nullptr;
    }
  }
  return &made->server;
}

const base::IpAddress& address_of(const netconf::AddressOp& op) {
  if (const auto* bind = std::get_if<netconf::BindAddress>(&op)) return bind->address;
  if (const auto* reserve = std::get_if<netconf::ReserveAddress>(&op)) return reserve->address;
  return std::get<netconf::UnbindAddress>(op).address;
}

}  // namespace

Host::Host(HostTables tables, HostOptions options)
    : tables_(tables),
      options_(std::move(options)),
      drains_(options_.drain_limit),
      retries_(options_.seed),
      rivals_(options_.audit_period),
      marks_(options_.inside_mark_mask, std::uint32_t{1} << options_.rules.masquerade_bit),
      sets_(tables_.ipsets, options_.max_set_elements),
      rules_reading_(tables_.iptables),
      other_modes_(tables_.iptables, tables_.nft) {}

HostChange Host::plan(Touched touched) const {
  touched.normalise();
  return diff(touched, desired_, believed_, drains_);
}

RoundReport Host::apply(Touched touched, TimePoint now) {
  RoundReport report;
  // An address is bound as soon as something answers on it, so it follows its virtual servers.
  for (const ipvs::VirtualServerKey& key : touched.virtual_servers) {
    if (key.firewall_mark == 0) touched.addresses.push_back(key.address);
  }
  if (options_.shadow) {
    begin_audits(now);
    return compare(std::move(touched));
  }
  note_problem(OwnNodePorts::kProblem, own_node_ports_.note(touched.virtual_servers, desired_));
  HostChange change = plan(std::move(touched));
  unbind(change.unbind, report, now);
  apply_entries(change.stop_steering, false, report, now);
  apply_entries(change.add_entries, true, report, now);
  sync_rules(report, now);
  apply_ipvs(change.serve, report, now);
  keep_last_on_bound(change.remove, report, now);
  apply_ipvs(change.remove, report, now);
  bind(change.bind, report, now);
  apply_entries(change.steer, true, report, now);
  // An entry that was added again with another mark is not there any more under the old one.
  std::erase_if(change.remove_entries,
                [&](const SetEntry& entry) { return !believed_.holds(entry); });
  apply_entries(change.remove_entries, false, report, now);
  sync_rules(report, now);
  if (other_modes_.due()) remove_other_modes(report, now);
  destroy_unneeded_sets(report);
  forget_flows(report);
  settle_drains(change, report, now);
  judge_tables(report, now);
  retries_.end_round();
  if (!started_) forget_node_ports();
  begin_audits(now);
  return report;
}

// What is wrong lasts until it is told to be right.
void Host::note_problem(const std::string& name, const Status& status) {
  if (status.ok()) {
    problems_.erase(name);
  } else {
    problems_[name] = status.message();
  }
}

void Host::begin_audits(TimePoint now) {
  if (started_) return;
  started_ = true;
  audit_slices_.set_due(now + options_.audit_period);
}

// Books the outcome of an operation on a thing.
void Host::settle(const HostThing& thing, const Status& status, RoundReport& report,
                  TimePoint now) {
  if (status.ok()) return;
  retries_.failed(thing, status, now);
  report.failures.push_back({thing, status, classify(status)});
}

void Host::unbind(const std::vector<netconf::AddressOp>& ops, RoundReport& report, TimePoint now) {
  if (ops.empty()) return;
  std::vector<Status> statuses = tables_.addresses.apply(ops);
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const base::IpAddress& address = address_of(ops[i]);
    report.count(HostTable::kAddress, "unbind", statuses[i]);
    // One that is gone already is what was asked for.
    Status outcome = statuses[i].code() == base::Code::kNotFound ? Status() : statuses[i];
    settle(address, outcome, report, now);
    if (!outcome.ok()) continue;
    believed_.done(ops[i]);
    report.note([&] { return "ip " + netconf::to_text(ops[i], options_.device); });
  }
}

// How many of the believed virtual servers of each address have an operation behind them that
// failed: it may have been carried out all the same, so that they may not be there.
std::unordered_map<base::IpAddress, std::size_t> Host::doubtful_virtual_servers() const {
  std::unordered_map<base::IpAddress, std::size_t> doubtful;
  for (const ipvs::VirtualServerKey& key : doubtful_) {
    if (believed_.virtual_server(key) != nullptr) ++doubtful[key.address];
  }
  return doubtful;
}

// The last virtual servers of an address that is still bound, because it could not be taken off the
// device or because what replaces them could not be made, stay until that has been done.
void Host::keep_last_on_bound(std::vector<ipvs::IpvsOp>& removals, RoundReport& report,
                              TimePoint now) {
  std::unordered_map<base::IpAddress, std::size_t> leaving = doubtful_virtual_servers();
  for (const ipvs::IpvsOp& op : removals) {
    const ipvs::VirtualServerKey& key = ipvs::virtual_server_of(op);
    if (believed_.holds(key.address) && !doubtful_.contains(key)) ++leaving[key.address];
  }
  std::erase_if(removals, [&](const ipvs::IpvsOp& op) {
    const ipvs::VirtualServerKey& key = ipvs::virtual_server_of(op);
    auto found = leaving.find(key.address);
    if (found == leaving.end() || found->second < believed_.virtual_servers_on(key.address)) {
      return false;
    }
    settle(key, Status(base::Code::kUnavailable, "its address is still bound"), report, now);
    return true;
  });
}

void Host::apply_ipvs(std::vector<ipvs::IpvsOp>& ops, RoundReport& report, TimePoint now) {
  if (ops.empty()) return;
  std::vector<Status> statuses = tables_.ipvs.apply(ops);
  // The first failure of a virtual server is the one to tell; those behind it follow from it.
  std::unordered_set<ipvs::VirtualServerKey> failed;
  std::vector<ipvs::VirtualServerKey> shrunk_marks;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const ipvs::VirtualServerKey& key = ipvs::virtual_server_of(ops[i]);
    report.count(HostTable::kIpvs, ipvs::verb_of(ops[i]), statuses[i]);
    bool gone = ipvs::deletes(ops[i]) && statuses[i].code() == base::Code::kNotFound;
    const bool begins_udp = begins_to_answer_udp(ops[i]);
    if (i > 0 && std::holds_alternative<ipvs::AddVirtualServer>(ops[i - 1])) {
      const RealServerList& wanted = desired_.real_servers(key);
      const ipvs::VirtualServer* made = made_whole(ops, statuses, i, wanted.size());
      if (made != nullptr) believed_.made(*made, wanted);
    }
    if (statuses[i].ok() || gone) believed_.done(ops[i]);
    // What was gone already is done, but it is a surprise: the failure below has it read again.
    if (statuses[i].ok()) {
      report.note([&] { return "ipvsadm " + ipvs::to_text(ops[i]); });
      if (ipvs::deletes(ops[i]) && key.firewall_mark != 0) {
        shrunk_marks.push_back(key);
      } else if (begins_udp || (ipvs::deletes(ops[i]) && key.protocol == base::Protocol::kUdp)) {
        report.changed_udp.push_back(key);
      }
    } else if (failed.insert(key).second) {
      doubtful_.insert(key);
      if (key.firewall_mark != 0 && statuses[i].code() == base::Code::kUnsupported) {
        do_without_scheduler(ops[i]);
      }
      settle(key, statuses[i].in("ipvsadm " + ipvs::to_text(ops[i])), report, now);
    }
  }
  note_flows_of_marks(shrunk_marks, report);
}

void Host::apply_entries(const std::vector<SetEntry>& entries, bool add, RoundReport& report,
                         TimePoint now) {
  std::vector<netconf::IpsetOp> ops;
  std::vector<const SetEntry*> sent;
  ops.reserve(entries.size());
  for (const SetEntry& entry : entries) {
    if (Status made = add ? make_at_need(entry.set, entry.family) : Status(); !made.ok()) {
      settle(entry, made, report, now);
      continue;
    }
    if (!sets_.usable(entry.set, entry.family)) continue;
    std::string name = set_name(entry.set, entry.family);
    netconf::IpsetType type = set_type(entry.set);
    if (add) {
      ops.emplace_back(netconf::AddIpsetEntry{std::move(name), type, entry.entry});
    } else {
      ops.emplace_back(netconf::DeleteIpsetEntry{std::move(name), type, entry.entry});
    }
    sent.push_back(&entry);
  }
  if (ops.empty()) return;
  std::vector<Status> statuses = tables_.ipsets.apply(ops);
  // A full set still takes entries for parts of its hash that have room (t->maxelem in the kernel's
  // ip_set_hash_gen.h): what came in behind the first refusal is to be in the larger set, too.
  for (std::size_t i = 0; add && i < ops.size(); ++i) {
    if (statuses[i].ok()) believed_.add(*sent[i]);
  }
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const SetEntry& entry = *sent[i];
    if (add && statuses[i].code() == base::Code::kResourceExhausted &&
        grow_set(entry.set, entry.family, report)) {
      statuses[i] = tables_.ipsets.apply(std::span(&ops[i], 1)).front();
    }
    report.count(HostTable::kIpset, add ? "add" : "delete", statuses[i]);
    settle(entry, statuses[i], report, now);
    if (!statuses[i].ok()) continue;
    add ? believed_.add(entry) : believed_.remove(entry);
    report.note([&] { return "ipset " + netconf::to_text(ops[i]); });
  }
}

// Returns whether there is room for another entry now.
bool Host::grow_set(SetId id, Family family, RoundReport& report) {
  const auto& entries = believed_.set(id, family);
  // Another entry of this round may have made room already.
  if (entries.size() < sets_.capacity(id, family)) return true;
  KernelSets::Growth growth = sets_.grow(id, family, entries);
  report.count(HostTable::kIpset, "grow", growth.status);
  return growth.grown;
}

// Only addresses that something answers on; the others follow when their virtual server is there.
void Host::bind(const std::vector<netconf::AddressOp>& ops, RoundReport& report, TimePoint now) {
  std::vector<netconf::AddressOp> ready;
  std::unordered_map<base::IpAddress, std::size_t> doubtful = doubtful_virtual_servers();
  for (const netconf::AddressOp& op : ops) {
    const base::IpAddress& address = address_of(op);
    const std::size_t believed = believed_.virtual_servers_on(address);
    if (believed > doubtful[address]) {
      ready.push_back(op);
    } else if (believed > 0) {
      settle(address, Status(base::Code::kUnavailable, "its virtual servers may not be there"),
             report, now);
    }
  }
  if (ready.empty()) return;
  std::vector<Status> statuses = tables_.addresses.apply(ready);
  for (std::size_t i = 0; i < ready.size(); ++i) {
    report.count(HostTable::kAddress, "bind", statuses[i]);
    Status outcome = statuses[i].code() == base::Code::kAlreadyExists ? Status() : statuses[i];
    settle(address_of(ready[i]), outcome, report, now);
    if (!outcome.ok()) continue;
    believed_.done(ready[i]);
    report.note([&] { return "ip " + netconf::to_text(ready[i], options_.device); });
  }
}

}  // namespace agent
