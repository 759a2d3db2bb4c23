#include "tests/fakes/fake_ipset_table.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "tests/fakes/log_suffix.h"

namespace fakes {
namespace {

using base::Code;
using base::Result;
using base::Status;
using netconf::Ipset;
using netconf::IpsetEntry;
using netconf::IpsetSpec;
using netconf::IpsetType;

constexpr std::uint32_t kAllPorts = 65536;

// As the kernel keeps it: what has no meaning for a bitmap has its default.
IpsetSpec kept(IpsetSpec spec) {
  if (spec.type != IpsetType::kBitmapPort) return spec;
  return {.name = std::move(spec.name), .type = spec.type, .max_elements = kAllPorts};
}

// Where an entry of the same key is, or would be: a mark is no part of it.
std::vector<IpsetEntry>::iterator place_of(std::vector<IpsetEntry>& entries, IpsetEntry entry) {
  entry.mark = entry.mark_mask = 0;
  return std::lower_bound(entries.begin(), entries.end(), entry);
}

bool same_key(IpsetEntry a, IpsetEntry b) {
  a.mark = a.mark_mask = b.mark = b.mark_mask = 0;
  return a == b;
}

Status missing(const std::string& set) { return Status::from_errno(ENOENT, "set " + set); }

}  // namespace

Result<std::vector<Ipset>> FakeIpsetTable::read(std::span<const std::string> names) {
  ++read_count_;
  std::set<std::string> wanted(names.begin(), names.end());
  std::vector<Ipset> found;
  for (const auto& [name, set] : sets_) {
    if (wanted.contains(name)) found.push_back(set);
  }
  return found;
}

std::vector<Status> FakeIpsetTable::apply(std::span<const netconf::IpsetOp> ops) {
  if (!ops.empty()) ++batch_count_;
  std::vector<Status> outcomes;
  outcomes.reserve(ops.size());
  for (const netconf::IpsetOp& op : ops) {
    std::string line = to_text(op);
    Status outcome = apply_one(op).in(line);
    if (!outcome) line += log_suffix(outcome);
    log_.push_back(std::move(line));
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

Status FakeIpsetTable::apply_one(const netconf::IpsetOp& op) {
  struct Visitor {
    FakeIpsetTable& table;
    Status operator()(const netconf::CreateIpset& o) const { return table.create(o); }
    Status operator()(const netconf::DestroyIpset& o) const { return table.destroy(o); }
    Status operator()(const netconf::SwapIpsets& o) const { return table.swap(o); }
    Status operator()(const netconf::AddIpsetEntry& o) const { return table.add(o); }
    Status operator()(const netconf::DeleteIpsetEntry& o) const { return table.remove(o); }
  };
  return std::visit(Visitor{*this}, op);
}

Status FakeIpsetTable::create(const netconf::CreateIpset& op) {
  if (op.spec.name.empty() || op.spec.name.size() > netconf::kIpsetNameLimit) {
    return Status(Code::kInvalidArgument, "the name must have 1 to 31 characters");
  }
  IpsetSpec spec = kept(op.spec);
  auto [place, made] = sets_.try_emplace(spec.name, Ipset{spec, {}});
  if (made || (place->second.spec == spec && place->second.other_parameters.empty())) {
    return Status();
  }
  std::string existing = to_text(Ipset{.spec = place->second.spec,
                                       .entries = {},
                                       .other_parameters = place->second.other_parameters});
  existing.pop_back();
  return Status(Code::kAlreadyExists, "it exists as \"" + existing + "\"", EEXIST);
}

Status FakeIpsetTable::destroy(const netconf::DestroyIpset& op) {
  if (!sets_.contains(op.name)) return missing(op.name);
  if (referenced_.contains(op.name)) return Status::from_errno(EBUSY, "a rule refers to it");
  sets_.erase(op.name);
  return Status();
}

Status FakeIpsetTable::swap(const netconf::SwapIpsets& op) {
  auto a = sets_.find(op.a);
  auto b = sets_.find(op.b);
  if (a == sets_.end()) return missing(op.a);
  if (b == sets_.end()) return missing(op.b);
  if (a->second.spec.type != b->second.spec.type ||
      a->second.spec.family != b->second.spec.family) {
    return Status(Code::kInvalidArgument, "the sets are of different types");
  }
  std::swap(a->second, b->second);
  std::swap(a->second.spec.name, b->second.spec.name);
  return Status();
}

Status FakeIpsetTable::add(const netconf::AddIpsetEntry& op) {
  auto place = sets_.find(op.set);
  if (place == sets_.end()) return missing(op.set);
  Ipset& set = place->second;
  if (set.spec.type != op.type) {
    return Status(Code::kInvalidArgument, "the set is of type " +
                                              std::string(to_string(set.spec.type)) + ", not " +
                                              std::string(to_string(op.type)));
  }
  Result<IpsetEntry> entry = canonical(op.type, set.spec.family, op.entry);
  if (!entry) return entry.status();
  if (entry->mark_mask != 0 && !set.spec.skbinfo) {
    return Status(Code::kInvalidArgument, "the set was made without skbinfo");
  }
  auto where = place_of(set.entries, *entry);
  if (where != set.entries.end() && same_key(*where, *entry)) {
    *where = *entry;
    return Status();
  }
  const bool has_room_there = uneven_ && entry->ip.bytes().back() % 2 == 0;
  if (set.entries.size() + set.foreign_entries.size() >= set.spec.max_elements && !has_room_there) {
    return Status(Code::kResourceExhausted,
                  "the set is full with " + std::to_string(set.spec.max_elements) + " entries");
  }
  set.entries.insert(where, *entry);
  return Status();
}

Status FakeIpsetTable::remove(const netconf::DeleteIpsetEntry& op) {
  auto place = sets_.find(op.set);
  if (place == sets_.end()) return missing(op.set);
  Ipset& set = place->second;
  if (set.spec.type != op.type) {
    return Status(Code::kInvalidArgument, "the set is of type " +
                                              std::string(to_string(set.spec.type)) + ", not " +
                                              std::string(to_string(op.type)));
  }
  Result<IpsetEntry> entry = canonical(op.type, set.spec.family, op.entry);
  if (!entry) return entry.status();
  auto where = place_of(set.entries, *entry);
  if (where != set.entries.end() && same_key(*where, *entry)) set.entries.erase(where);
  return Status();
}

}  // namespace fakes
