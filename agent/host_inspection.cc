#include "agent/host_inspection.h"

#include <unordered_set>
#include <utility>
#include <variant>

#include "base/sorted.h"

namespace agent {
namespace {

template <typename Thing>
void add_failing(const Retries& retries, std::vector<Thing>& things) {
  for (const auto& [thing, waiting] : retries.all()) {
    if (const auto* failing = std::get_if<Thing>(&thing)) things.push_back(*failing);
  }
}

}  // namespace

base::Result<std::vector<ipvs::VirtualServerState>> HostInspection::read(
    std::span<const ipvs::VirtualServerKey> keys) const {
  return host_.tables_.ipvs.read_some(keys);
}

base::Result<HostChange> HostInspection::virtual_servers(
    std::span<const ipvs::VirtualServerKey> keys) const {
  auto states = read(keys);
  if (!states.ok()) return states.status();
  BelievedHost actual;
  for (const ipvs::VirtualServerState& state : *states) actual.observe(state);
  Touched touched;
  touched.virtual_servers.assign(keys.begin(), keys.end());
  touched.normalise();
  HostChange change = diff(touched, host_.desired_, actual, host_.drains_);
  change.draining.clear();
  return change;
}

base::Result<HostChange> HostInspection::addresses() const {
  auto state = host_.tables_.addresses.read();
  if (!state.ok()) return state.status();
  BelievedHost actual;
  actual.observe_addresses(state->bound);
  Touched touched;
  touched.addresses = state->bound;
  touched.addresses.insert(touched.addresses.end(), host_.believed_.addresses().begin(),
                           host_.believed_.addresses().end());
  add_failing(host_.retries_, touched.addresses);
  touched.normalise();
  return diff(touched, host_.desired_, actual, host_.drains_);
}

base::Result<HostChange> HostInspection::set(SetId id, base::Family family) const {
  const std::vector<std::string> names = {set_name(id, family)};
  auto sets = host_.tables_.ipsets.read(names);
  if (!sets.ok()) return sets.status();
  BelievedHost actual;
  const std::vector<netconf::IpsetEntry> none;
  actual.observe_set(id, family, sets->empty() ? none : sets->front().entries);
  // What is believed and there is desired as well, or fails: no need to look at all of them.
  Touched touched;
  for (const netconf::IpsetEntry& entry : actual.set(id, family)) {
    SetEntry there{.set = id, .family = family, .entry = entry};
    if (!host_.believed_.holds(there)) touched.set_entries.push_back(there);
  }
  for (const netconf::IpsetEntry& entry : host_.believed_.set(id, family)) {
    SetEntry believed{.set = id, .family = family, .entry = entry};
    if (!actual.holds(believed)) touched.set_entries.push_back(believed);
  }
  std::vector<SetEntry> failing;
  add_failing(host_.retries_, failing);
  for (const SetEntry& entry : failing) {
    if (entry.set == id && entry.family == family) touched.set_entries.push_back(entry);
  }
  touched.normalise();
  return diff(touched, host_.desired_, actual, host_.drains_);
}

base::Result<std::vector<netconf::IptablesOp>> HostInspection::rules(base::Family family) const {
  const std::size_t index = family == base::Family::kIpv6;
  // The agent does without the rules in other tables where they cannot be had.
  const std::vector<std::string> needed = needed_rule_tables();
  bool all = !host_.own_rules_refused_[index];
  auto rules = host_.tables_.iptables.read(family, all ? rule_tables() : needed);
  if (!rules.ok() && all) {
    all = false;
    rules = host_.tables_.iptables.read(family, needed);
  }
  if (!rules.ok()) return rules.status();
  std::vector<netconf::IptablesOp> ops =
      rules_change(render_rules(host_.options_.rules, family, host_.filled_sets(family),
                                host_.sets_.usable(family)),
                   *rules);
  if (!all) std::erase_if(ops, [](const netconf::IptablesOp& op) { return is_dispensable(op); });
  return ops;
}

std::vector<ipvs::VirtualServerKey> HostInspection::virtual_server_keys() const {
  std::vector<ipvs::VirtualServerKey> keys;
  keys.reserve(host_.believed_.virtual_servers().size() + host_.desired_.virtual_server_count());
  for (const auto& [key, server] : host_.believed_.virtual_servers()) keys.push_back(key);
  for (const auto& [service, plan] : host_.desired_.plans()) {
    for (const PlannedVirtualServer& planned : plan.virtual_servers) {
      keys.push_back(planned.server.key);
    }
  }
  add_failing(host_.retries_, keys);
  base::sort_unique(keys);
  return keys;
}

base::Result<std::vector<ipvs::VirtualServerState>> HostInspection::foreign() const {
  auto list = host_.tables_.ipvs.read_virtual_servers();
  if (!list.ok()) return list;
  std::erase_if(*list, [&](const ipvs::VirtualServerState& state) {
    const ipvs::VirtualServerKey& key = state.server.key;
    return host_.believed_.virtual_server(key) != nullptr || host_.is_ours(key);
  });
  return list;
}

std::vector<base::Family> HostInspection::families() const { return host_.families(); }

}  // namespace agent
