#include "agent/kernel_sets.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

namespace agent {
namespace {

using base::Code;
using base::Family;
using base::Status;
using netconf::IpsetEntry;
using netconf::IpsetSpec;

}  // namespace

IpsetSpec KernelSets::spec(SetId id, Family family) const {
  IpsetSpec spec;
  spec.name = set_name(id, family);
  spec.type = set_type(id);
  if (spec.type != netconf::IpsetType::kBitmapPort) {
    spec.family = family;
    spec.max_elements = max_elements_;
    spec.skbinfo = id == SetId::kInsideMark;
  }
  return spec;
}

base::Result<std::vector<IpsetEntry>> KernelSets::prepare(SetId id, Family family) {
  auto entries = find_or_create(id, family);
  usable_[at(family)].set(position(id), entries.ok());
  return entries;
}

base::Result<std::vector<IpsetEntry>> KernelSets::find_or_create(SetId id, Family family) {
  const IpsetSpec wanted = spec(id, family);
  const bool ports = wanted.type == netconf::IpsetType::kBitmapPort;
  std::uint32_t& capacity = capacity_[set_index(id, family)];
  capacity = wanted.max_elements;
  std::vector<std::string> names = {wanted.name};
  auto present = table_.read(names);
  if (present.ok() && !present->empty()) {
    const IpsetSpec& found = present->front().spec;
    bool same_kind = found.type == wanted.type && found.skbinfo == wanted.skbinfo &&
                     (ports || found.family == wanted.family);
    if (same_kind && present->front().other_parameters.empty()) {
      if (!ports) capacity = found.max_elements;
      if (made_at_need(id)) made_[at(family)].set(position(id));
      return std::move(present->front().entries);
    }
    if (!destroy(id, family).ok()) {
      return Status(Code::kAlreadyExists,
                    "is of type " + std::string(netconf::to_string(found.type)) + " " +
                        present->front().other_parameters + ", expected " +
                        std::string(netconf::to_string(wanted.type)) + ", and in use");
    }
  } else if (!present.ok() && present.status().code() == Code::kUnsupported) {
    // Of a type that we do not even know.
    if (!destroy(id, family).ok()) return present.status();
  }
  Status made = made_at_need(id) ? Status() : change(netconf::CreateIpset{wanted});
  if (!made.ok()) return made;
  return std::vector<IpsetEntry>();
}

Status KernelSets::create(SetId id, Family family) {
  const IpsetSpec wanted = spec(id, family);
  Status created = change(netconf::CreateIpset{wanted});
  if (created.ok()) capacity_[set_index(id, family)] = wanted.max_elements;
  return created;
}

Status KernelSets::create_at_need(SetId id, Family family) {
  if (!made_at_need(id) || made(id, family) || !usable(id, family)) return {};
  Status created = change(netconf::CreateIpset{spec(id, family)});
  if (created.ok()) made_[at(family)].set(position(id));
  return created;
}

Status KernelSets::destroy(SetId id, Family family) {
  Status destroyed = change(netconf::DestroyIpset{set_name(id, family)});
  if (destroyed.ok() || destroyed.code() == Code::kNotFound) made_[at(family)].reset(position(id));
  return destroyed;
}

Status KernelSets::add(const SetEntry& entry) {
  return change(
      netconf::AddIpsetEntry{set_name(entry.set, entry.family), set_type(entry.set), entry.entry});
}

void KernelSets::has_at_least(SetId id, Family family, std::uint32_t capacity) {
  std::uint32_t& known = capacity_[set_index(id, family)];
  known = std::max(known, capacity);
}

KernelSets::Growth KernelSets::grow(SetId id, Family family,
                                    const std::unordered_set<IpsetEntry>& entries) {
  const IpsetSpec small = spec(id, family);
  IpsetSpec larger = small;
  larger.name = family == Family::kIpv4 ? "KUBE-GROWING" : "KUBE-6-GROWING";
  larger.max_elements = capacity(id, family) * 2;
  // What an earlier try may have left behind; that there is none is fine.
  (void)change(netconf::DestroyIpset{larger.name});
  std::vector<netconf::IpsetOp> ops;
  ops.reserve(entries.size() + 2);
  ops.emplace_back(netconf::CreateIpset{larger});
  for (const IpsetEntry& entry : entries) {
    ops.emplace_back(netconf::AddIpsetEntry{larger.name, small.type, entry});
  }
  ops.emplace_back(netconf::SwapIpsets{larger.name, small.name});
  std::vector<Status> statuses = table_.apply(ops);
  auto failed = std::ranges::find_if(statuses, [](const Status& status) { return !status.ok(); });
  Status destroyed = change(netconf::DestroyIpset{larger.name});
  if (failed != statuses.end()) return {false, std::move(*failed)};
  capacity_[set_index(id, family)] = larger.max_elements;
  return {true, std::move(destroyed)};
}

Status KernelSets::change(netconf::IpsetOp op) {
  return std::move(table_.apply(std::span(&op, 1)).front());
}

}  // namespace agent
