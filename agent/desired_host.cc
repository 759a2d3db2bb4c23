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

  // Counts and claims first go up, then down, so that what moves between Services stays wanted.
  compare_sorted(
      old.addresses, current.addresses, [](const auto&) {},
      [&](const auto& address) { count_address(address, +1, touched); });
  compare_sorted(
      old.set_entries, current.set_entries, [](const auto&) {},
      [&](const auto& entry) { count_entry(entry, +1, touched); });
  compare_sorted(
      old.addresses, current.addresses,
      [&](const auto& address) { count_address(address, -1, touched); }, [](const auto&) {});
  compare_sorted(
      old.set_entries, current.set_entries,
      [&](const auto& entry) { count_entry(entry, -1, touched); }, [](const auto&) {});

  Claim claimant = &*place;
  auto old_it = old.virtual_servers.begin();
  auto new_it = current.virtual_servers.begin();
  while (old_it != old.virtual_servers.end() || new_it != current.virtual_servers.end()) {
    bool only_old =
        new_it == current.virtual_servers.end() ||
        (old_it != old.virtual_servers.end() && old_it->server.key < new_it->server.key);
    bool only_new = !only_old && (old_it == old.virtual_servers.end() ||
                                  new_it->server.key < old_it->server.key);
    const ipvs::VirtualServerKey& key = only_old ? old_it->server.key : new_it->server.key;
    if (only_old) unclaim(claimant, key);
    if (only_new) claim(claimant, key);
    if (only_old || only_new || !(*old_it == *new_it)) touched.virtual_servers.push_back(key);
    if (only_old != only_new) touch_steering(key, touched);
    if (!only_new) ++old_it;
    if (!only_old) ++new_it;
  }
  if (current.empty() && current.problems.empty()) plans_.erase(place);
  return touched;
}

bool DesiredHost::wants(const SetEntry& entry) const {
  if (!set_entries_.contains(entry)) return false;
  if (!steers(entry.set)) return true;
  const ipvs::VirtualServerKey key{
      .address = entry.entry.ip, .port = entry.entry.port, .protocol = entry.entry.protocol};
  auto place = claims_.find(key);
  if (place == claims_.end()) return false;
  const std::vector<SetEntry>& entries = winner(place->second, key)->second.set_entries;
  return std::binary_search(entries.begin(), entries.end(), entry);
}

// Whom the address belongs to may have changed.
void DesiredHost::touch_steering(const ipvs::VirtualServerKey& key, Touched& touched) const {
  SetEntry entry{
      .set = SetId::kInside,
      .family = key.family(),
      .entry = {.ip = key.address, .protocol = key.protocol, .port = key.port, .ip2 = {}}};
  if (key.firewall_mark == 0 && set_entries_.contains(entry)) touched.set_entries.push_back(entry);
}

void DesiredHost::claim(Claim service, const ipvs::VirtualServerKey& key) {
  claims_[key].push_back(service);
}

void DesiredHost::unclaim(Claim service, const ipvs::VirtualServerKey& key) {
  auto place = claims_.find(key);
  std::erase(place->second, service);
  if (place->second.empty()) claims_.erase(place);
}

void DesiredHost::count_address(const base::IpAddress& address, int difference, Touched& touched) {
  std::uint32_t& count = addresses_[address];
  std::uint32_t before = count;
  count += static_cast<std::uint32_t>(difference);
  if (before == 0 || count == 0) touched.addresses.push_back(address);
  if (count == 0) addresses_.erase(address);
}

void DesiredHost::count_entry(const SetEntry& entry, int difference, Touched& touched) {
  std::uint32_t& count = set_entries_[entry];
  std::uint32_t before = count;
  count += static_cast<std::uint32_t>(difference);
  if (before == 0 || count == 0 || steers(entry.set)) touched.set_entries.push_back(entry);
  std::size_t& size = set_sizes_[set_index(entry.set, entry.family)];
  if (before == 0) ++size;
  if (count == 0) {
    --size;
    set_entries_.erase(entry);
  }
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

const watchers::ObjectKey* DesiredHost::owner(const ipvs::VirtualServerKey& key) const {
  auto place = claims_.find(key);
  return place == claims_.end() ? nullptr : &winner(place->second, key)->first;
}

std::size_t DesiredHost::set_size(SetId set, base::Family family) const {
  return set_sizes_[set_index(set, family)];
}

const ServicePlan* DesiredHost::plan(const watchers::ObjectKey& service) const {
  auto place = plans_.find(service);
  return place == plans_.end() ? nullptr : &place->second;
}

Touched DesiredHost::everything() const {
  Touched all;
  all.virtual_servers.reserve(claims_.size());
  for (const auto& [key, claims] : claims_) all.virtual_servers.push_back(key);
  for (const auto& [address, count] : addresses_) all.addresses.push_back(address);
  for (const auto& [entry, count] : set_entries_) all.set_entries.push_back(entry);
  return all;
}

}  // namespace agent
