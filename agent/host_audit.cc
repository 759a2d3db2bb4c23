#include <malloc.h>

#include <algorithm>
#include <set>
#include <utility>

#include "agent/host.h"

// What a Host does beside changes: retries and the standing audit.
namespace agent {
namespace {

using base::Family;
using base::Status;
using base::TimePoint;

std::vector<ipvs::VirtualServerKey> keys_to_audit(const DesiredHost& desired,
                                                  const BelievedHost& believed) {
  std::vector<ipvs::VirtualServerKey> keys = desired.virtual_server_keys();
  for (const auto& [key, server] : believed.virtual_servers()) {
    if (desired.virtual_server(key) == nullptr) keys.push_back(key);
  }
  return keys;
}

}  // namespace

std::optional<TimePoint> Host::next_wake() const {
  if (!started_) return std::nullopt;
  TimePoint wake = std::min(audit_slices_.due(), next_drain_poll_);
  if (std::optional<TimePoint> save = saved_drains_.due(drains_)) wake = std::min(wake, *save);
  if (std::optional<TimePoint> retry = retries_.next()) wake = std::min(wake, *retry);
  if (std::optional<TimePoint> held = rivals_.next()) wake = std::min(wake, *held);
  if (std::optional<TimePoint> due = other_modes_.due()) wake = std::min(wake, *due);
  if (rules_reading_.goes_on(Family::kIpv4) || rules_reading_.goes_on(Family::kIpv6)) {
    wake = std::min(wake, next_look_at_reading_);
  }
  return wake;
}

// Takes in what the kernel holds for the keys now. Returns false if it could not be read.
bool Host::reread(std::span<const ipvs::VirtualServerKey> keys, Touched& touched,
                  std::vector<Drift>* drift, TimePoint now) {
  if (keys.empty()) return true;
  auto states = tables_.ipvs.read_some(keys);
  table_health_.note(kReadingIpvs, states.status(), now);
  if (!states.ok()) {
    for (const ipvs::VirtualServerKey& key : keys) retries_.failed(key, states.status(), now);
    return false;
  }
  auto state = states->begin();
  for (const ipvs::VirtualServerKey& key : keys) {
    doubtful_.erase(key);
    while (state != states->end() && state->server.key < key) ++state;
    bool present = state != states->end() && state->server.key == key;
    bool differed = present ? believed_.observe(*state, desired_.real_servers(key))
                            : believed_.observe_absent(key);
    if (!differed) continue;
    touched.virtual_servers.push_back(key);
    if (drift != nullptr) {
      drift->push_back({key, present ? "differs from what was written" : "is gone"});
    }
  }
  return true;
}

void Host::reread_set(SetId id, Family family, Touched& touched, std::vector<Drift>* drift,
                      TimePoint now) {
  if (!sets_.usable(id, family)) {
    if (made_at_need(id)) return;
    use_set(id, family, now);
    if (!sets_.usable(id, family)) return;
    // What it lacks is found below: all that it was to hold, and the rules that match it.
    rendered_for_[family == Family::kIpv6].reset();
    drift = nullptr;
    for (const SetEntry& entry : desired_.everything().set_entries) {
      if (entry.set == id && entry.family == family) touched.set_entries.push_back(entry);
    }
  }
  std::vector<std::string> names = {set_name(id, family)};
  auto sets = tables_.ipsets.read(names);
  table_health_.note("reading the ipset table", sets.status(), now);
  if (!sets.ok()) {  // the audit comes by again
    problems_["reading ipset " + names.front()] = sets.status().message();
    return;
  }
  problems_.erase("reading ipset " + names.front());
  if (sets->empty()) {
    sets_.observe(id, family, false);
    if (made_at_need(id)) {
      // It comes back with its first entry.
      for (const SetEntry& entry : believed_.observe_set(id, family, {})) {
        touched.set_entries.push_back(entry);
        if (drift != nullptr && desired_.wants(entry)) drift->push_back({entry, "is gone"});
      }
      return;
    }
    // Somebody destroyed the set (no rule of ours refers to it any more either).
    if (!sets_.create(id, family).ok()) return;
    sets->push_back({});
  }
  for (const SetEntry& entry : believed_.observe_set(id, family, sets->front().entries)) {
    touched.set_entries.push_back(entry);
    if (drift != nullptr && desired_.wants(entry) != believed_.holds(entry)) {
      drift->push_back({entry, desired_.wants(entry) ? "is gone" : "is not ours to have"});
    }
  }
}

Touched Host::read_addresses(std::vector<Drift>& drift, TimePoint now) {
  Touched touched = reread_addresses(drift, now);
  if (options_.shadow) drift.clear();  // somebody else's work
  hold_back(touched, drift, now);
  return touched;
}

Touched Host::reread_addresses(std::vector<Drift>& drift, TimePoint now) {
  Touched touched;
  auto state = tables_.addresses.read();
  table_health_.note(kReadingAddresses, state.status(), now);
  if (!state.ok()) {
    problems_["addresses"] = state.status().message();
    return touched;
  }
  problems_.erase("addresses");
  node_addresses_ = state->node;
  reserve_addresses(*state);
  if (!state->device_exists && !options_.shadow) {
    drift.push_back({base::IpAddress(), "the service device " + options_.device + " is gone"});
    std::vector<netconf::AddressOp> create = {netconf::CreateDevice{}};
    Status status = tables_.addresses.apply(create).front();
    table_health_.note(kMakingDevice, status, now);
    if (status.ok()) {
      problems_.erase("device " + options_.device);
    } else {
      problems_["device " + options_.device] = status.message();
    }
  }
  for (const base::IpAddress& address : believed_.observe_addresses(state->bound)) {
    touched.addresses.push_back(address);
    if (desired_.wants(address) != believed_.holds(address)) {
      drift.push_back({address, desired_.wants(address) ? "is gone from the service device"
                                                        : "is not ours to have on the device"});
    }
  }
  return touched;
}

Touched Host::retry_due(TimePoint now) {
  Touched touched;
  std::vector<ipvs::VirtualServerKey> keys;
  std::set<std::pair<SetId, Family>> sets;
  bool addresses = false;
  std::vector<HostThing> due = retries_.take_due(now);
  std::vector<HostThing> held = rivals_.take_due(now);
  due.insert(due.end(), held.begin(), held.end());
  for (const HostThing& thing : due) {
    if (const auto* key = std::get_if<ipvs::VirtualServerKey>(&thing)) {
      keys.push_back(*key);
    } else if (const auto* address = std::get_if<base::IpAddress>(&thing)) {
      touched.addresses.push_back(*address);
      addresses = true;
    } else if (const auto* entry = std::get_if<SetEntry>(&thing)) {
      touched.set_entries.push_back(*entry);
      sets.emplace(entry->set, entry->family);
    } else {
      const Family family = std::get<RulesOf>(thing).family;
      retries_.hold(thing);
      read_rules_again(family, true, now);
      take_rules(family, nullptr, now);
    }
  }
  std::sort(keys.begin(), keys.end());
  if (reread(keys, touched, nullptr, now)) {
    touched.virtual_servers.insert(touched.virtual_servers.end(), keys.begin(), keys.end());
  }
  for (const auto& [id, family] : sets) reread_set(id, family, touched, nullptr, now);
  if (addresses) {
    std::vector<Drift> expected;
    touched.append(reread_addresses(expected, now));
  }
  return touched;
}

Touched Host::audit(TimePoint now, std::vector<Drift>& drift) {
  Touched touched;
  if (!started_) return touched;
  if (options_.shadow) return now < audit_slices_.due() ? touched : audit_shadow(now);
  if (now >= audit_slices_.due()) audit_slice(touched, drift, now);
  for (Family family : families()) take_rules(family, &drift, now);
  hold_back(touched, drift, now);
  return touched;
}

void Host::audit_slice(Touched& touched, std::vector<Drift>& drift, TimePoint now) {
  if (audit_slices_.is_over()) {
    audit_slices_.begin_period(keys_to_audit(desired_, believed_));
    rivals_.forget_quiet(now);
  }
  const AuditSlices::Slice slice = audit_slices_.take(now, options_.audit_period);
  (void)reread(slice.virtual_servers, touched, &drift, now);
  if (slice.step) audit_beside_ipvs(*slice.step, touched, drift, now);
  // Whole tables were read for a moment; kept, their memory would be a tenth of all.
  if (slice.last) malloc_trim(0);
}

// Virtual servers that somebody else made: on our addresses they are ours to remove, elsewhere they
// are foreign.
void Host::find_strangers(Touched& touched, std::vector<Drift>& drift, TimePoint now) {
  auto list = tables_.ipvs.read_virtual_servers();
  table_health_.note(kReadingIpvs, list.status(), now);
  if (!list.ok()) return;  // the next period reads it
  foreign_.clear();
  std::vector<ipvs::VirtualServerKey> strangers;
  for (const ipvs::VirtualServerState& state : *list) {
    const ipvs::VirtualServerKey& key = state.server.key;
    if (believed_.virtual_server(key) != nullptr) continue;
    if (is_ours(key)) {
      strangers.push_back(key);
    } else {
      foreign_.insert(key);
    }
  }
  (void)reread(strangers, touched, &drift, now);
}

// One part of everything but the virtual servers at each step of a period: a set of each family, or
// the addresses, the rules, the kernel settings, or strangers.
void Host::audit_beside_ipvs(std::size_t step, Touched& touched, std::vector<Drift>& drift,
                             TimePoint now) {
  if (step < kSetCount) {
    for (Family family : families()) {
      reread_set(all_sets()[step], family, touched, &drift, now);
    }
    return;
  }
  switch (step - kSetCount) {
    case 0: touched.append(reread_addresses(drift, now)); break;
    case 2:
      for (Family family : families()) read_rules_again(family, false, now);
      break;
    case 3: other_modes_.audit(now); break;
    case 4: apply_sysctls(now); break;
    case 6: find_strangers(touched, drift, now); break;
    default: break;
  }
}

std::vector<IpsetFill> Host::set_fill() const {
  std::vector<IpsetFill> fills;
  for (Family family : families()) {
    for (SetId id : all_sets()) {
      if (!sets_.usable(id, family)) continue;
      fills.push_back(
          {set_name(id, family), believed_.set(id, family).size(), sets_.capacity(id, family)});
    }
  }
  return fills;
}

}  // namespace agent
