#include "agent/desired_host.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "base/sorted.h"

namespace agent {
namespace {

template <typename T>
void append_all(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// Calls gone(x) for what only `before` has and come(x) for what only `after` has; both sorted.
template <typename T, typename Gone, typename Come>
void compare_sorted(const std::vector<T>& before, const std::vector<T>& after, Gone gone,
                    Come come) {
  auto old_it = before.begin();
  auto new_it = after.begin();
  while (old_it != before.end() || new_it != after.end()) {
    if (new_it == after.end() || (old_it != before.end() && *old_it < *new_it)) {
      gone(*old_it++);
    } else if (old_it == before.end() || *new_it < *old_it) {
      come(*new_it++);
    } else {
      ++old_it;
      ++new_it;
    }
  }
}

const PlannedVirtualServer* find(const ServicePlan& plan, const ipvs::VirtualServerKey& key) {
  const auto& servers = plan.virtual_servers;
  auto it = std::lower_bound(
      servers.begin(), servers.end(), key,
      [](const PlannedVirtualServer& a, const auto& b) { return a.server.key < b; });
  return it != servers.end() && it->server.key == key ? &*it : nullptr;
}

bool has(const ServicePlan& plan, const SetEntry& entry) {
  return std::binary_search(plan.set_entries.begin(), plan.set_entries.end(), entry);
}

ipvs::VirtualServerKey face_of(const SetEntry& entry) {
  return {.address = entry.entry.ip, .port = entry.entry.port, .protocol = entry.entry.protocol};
}

// An entry of another set of the same node port.
SetEntry in_set(SetEntry entry, SetId set) {
  entry.set = set;
  return entry;
}

// Whether it depends on who has its address or node port that the entry is wanted.
bool is_arbitrated(SetId set) { return names_a_face(set) || node_ports_behind(set); }

}  // namespace

void Touched::normalise() {
  base::sort_unique(virtual_servers);
  base::sort_unique(addresses);
  base::sort_unique(set_entries);
}

void Touched::append(const Touched& other) {
  append_all(virtual_servers, other.virtual_servers);
  append_all(addresses, other.addresses);
  append_all(set_entries, other.set_entries);
}

Touched DesiredHost::set_plan(const watchers::ObjectKey& service, ServicePlan plan) {
  Touched touched;
  auto place = plans_.find(service);
  if (place == plans_.end()) {
    if (plan.empty() && plan.problems.empty()) return touched;
    place = plans_.try_emplace(service).first;
  }
  ServicePlan old = std::exchange(place->second, std::move(plan));
  const ServicePlan& current = place->second;
  for (std::size_t family = 0; family < 2; ++family) {
    const NoLocalEndpoints& before = old.no_local_endpoints;
    const NoLocalEndpoints& now = current.no_local_endpoints;
    no_local_.internal[family] += now.internal[family];
    no_local_.internal[family] -= before.internal[family];
    no_local_.external[family] += now.external[family];
    no_local_.external[family] -= before.external[family];
  }

  Claim claimant = &*place;
  // Counts and claims first go up, then down, so that what moves between Services stays wanted.
  compare_sorted(
      old.addresses, current.addresses, [](const auto&) {},
      [&](const auto& address) { count_address(address, +1, touched); });
  compare_sorted(
      old.set_entries, current.set_entries, [](const auto&) {},
      [&](const auto& entry) { count_entry(claimant, entry, +1, touched); });
  compare_sorted(
      old.addresses, current.addresses,
      [&](const auto& address) { count_address(address, -1, touched); }, [](const auto&) {});
  compare_sorted(
      old.set_entries, current.set_entries,
      [&](const auto& entry) { count_entry(claimant, entry, -1, touched); }, [](const auto&) {});

  std::vector<ipvs::VirtualServerKey> contested;
  auto old_it = old.virtual_servers.begin();
  auto new_it = current.virtual_servers.begin();
  while (old_it != old.virtual_servers.end() || new_it != current.virtual_servers.end()) {
    bool only_old =
        new_it == current.virtual_servers.end() ||
        (old_it != old.virtual_servers.end() && old_it->server.key < new_it->server.key);
    bool only_new = !only_old && (old_it == old.virtual_servers.end() ||
                                  new_it->server.key < old_it->server.key);
    const ipvs::VirtualServerKey& key = only_old ? old_it->server.key : new_it->server.key;
    bool others = false;
    if (only_old) others = unclaim(claimant, key);
    if (only_new) others = claim(claimant, key);
    if (!only_old && !only_new) others = old_it->kind != new_it->kind;
    if (others) contested.push_back(key);
    if (only_old || only_new || !(*old_it == *new_it)) touched.virtual_servers.push_back(key);
    if (!only_new) ++old_it;
    if (!only_old) ++new_it;
  }
  for (const ipvs::VirtualServerKey& key : contested) touch_entries(key, touched);
  if (current.empty() && current.problems.empty()) plans_.erase(place);
  return touched;
}

bool DesiredHost::wants(const SetEntry& entry) const {
  if (!set_entries_.contains(entry)) return false;
  if (std::optional<SetId> ports = node_ports_behind(entry.set)) {
    auto place = node_ports_.find(in_set(entry, *ports));
    return place != node_ports_.end() && has(first_by_name(place->second)->second, entry);
  }
  if (!names_a_face(entry.set)) return true;
  const ipvs::VirtualServerKey key = face_of(entry);
  auto place = claims_.find(key);
  if (place == claims_.end()) return false;
  return place->second.size() == 1 || has(winner(place->second, key)->second, entry);
}

// Whom the address belongs to may have changed, and with it which entries are wanted.
void DesiredHost::touch_entries(const ipvs::VirtualServerKey& key, Touched& touched) const {
  auto place = claims_.find(key);
  if (place == claims_.end()) return;
  for (Claim service : place->second) {
    for (const SetEntry& entry : service->second.set_entries) {
      if (names_a_face(entry.set) && face_of(entry) == key) touched.set_entries.push_back(entry);
    }
  }
}

bool DesiredHost::claim(Claim service, const ipvs::VirtualServerKey& key) {
  std::vector<Claim>& claims = claims_[key];
  claims.push_back(service);
  return claims.size() > 1;
}

bool DesiredHost::unclaim(Claim service, const ipvs::VirtualServerKey& key) {
  auto place = claims_.find(key);
  std::erase(place->second, service);
  if (!place->second.empty()) return true;
  claims_.erase(place);
  return false;
}

// A node port is one Service's on every address; while an update gives it to two, their policies
// do not mix.
void DesiredHost::claim_node_port(Claim service, const SetEntry& entry, bool comes,
                                  Touched& touched) {
  std::vector<Claim>& claims = node_ports_[entry];
  if (comes) {
    claims.push_back(service);
  } else {
    std::erase(claims, service);
  }
  for (SetId local : {SetId::kNodePortLocalTcp, SetId::kNodePortLocalUdp}) {
    if (node_ports_behind(local) != entry.set) continue;
    SetEntry of_policy = in_set(entry, local);
    if (set_entries_.contains(of_policy)) touched.set_entries.push_back(of_policy);
  }
  if (claims.empty()) node_ports_.erase(entry);
}

void DesiredHost::count_address(const base::IpAddress& address, int difference, Touched& touched) {
  std::uint32_t& count = addresses_[address];
  std::uint32_t before = count;
  count += static_cast<std::uint32_t>(difference);
  if (before == 0 || count == 0) touched.addresses.push_back(address);
  if (count == 0) addresses_.erase(address);
}

void DesiredHost::count_entry(Claim service, const SetEntry& entry, int difference,
                              Touched& touched) {
  std::uint32_t& count = set_entries_[entry];
  std::uint32_t before = count;
  count += static_cast<std::uint32_t>(difference);
  if (before == 0 || count == 0 || is_arbitrated(entry.set)) touched.set_entries.push_back(entry);
  if (count == 0) set_entries_.erase(entry);
  if (node_ports_behind(entry.set) == entry.set) {
    claim_node_port(service, entry, difference > 0, touched);
  }
}

DesiredHost::Claim DesiredHost::first_by_name(const std::vector<Claim>& claims) {
  return *std::min_element(claims.begin(), claims.end(),
                           [](Claim a, Claim b) { return a->first < b->first; });
}

DesiredHost::Claim DesiredHost::winner(const std::vector<Claim>& claims,
                                       const ipvs::VirtualServerKey& key) const {
  if (claims.size() == 1) return claims.front();
  return *std::min_element(claims.begin(), claims.end(), [&](Claim a, Claim b) {
    return std::make_tuple(find(a->second, key)->kind, std::cref(a->first)) <
           std::make_tuple(find(b->second, key)->kind, std::cref(b->first));
  });
}

const PlannedVirtualServer* DesiredHost::virtual_server(const ipvs::VirtualServerKey& key) const {
  auto place = claims_.find(key);
  return place == claims_.end() ? nullptr : find(winner(place->second, key)->second, key);
}

std::vector<watchers::ObjectKey> DesiredHost::losers(const ipvs::VirtualServerKey& key) const {
  std::vector<watchers::ObjectKey> others;
  auto place = claims_.find(key);
  if (place == claims_.end() || place->second.size() == 1) return others;
  Claim has_it = winner(place->second, key);
  for (Claim claim : place->second) {
    if (claim != has_it) others.push_back(claim->first);
  }
  return others;
}

const RealServerList& DesiredHost::real_servers(const ipvs::VirtualServerKey& key) const {
  static const RealServerList kNone;
  const PlannedVirtualServer* wanted = virtual_server(key);
  return wanted == nullptr ? kNone : wanted->real_servers;
}

const watchers::ObjectKey* DesiredHost::owner(const ipvs::VirtualServerKey& key) const {
  auto place = claims_.find(key);
  return place == claims_.end() ? nullptr : &winner(place->second, key)->first;
}

const ServicePlan* DesiredHost::plan(const watchers::ObjectKey& service) const {
  auto place = plans_.find(service);
  return place == plans_.end() ? nullptr : &place->second;
}

std::vector<ipvs::VirtualServerKey> DesiredHost::virtual_server_keys() const {
  std::vector<ipvs::VirtualServerKey> keys;
  keys.reserve(claims_.size());
  for (const auto& [key, claims] : claims_) keys.push_back(key);
  return keys;
}

Touched DesiredHost::everything() const {
  Touched all;
  all.virtual_servers = virtual_server_keys();
  for (const auto& [address, count] : addresses_) all.addresses.push_back(address);
  for (const auto& [entry, count] : set_entries_) all.set_entries.push_back(entry);
  return all;
}

}  // namespace agent
