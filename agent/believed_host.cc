#include "agent/believed_host.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace agent {
namespace {

// The members of exactly one of the two; what is believed then becomes `now`.
template <typename T>
std::vector<T> replace(std::unordered_set<T>& believed, std::unordered_set<T> now) {
  std::vector<T> different;
  for (const T& value : believed) {
    if (!now.contains(value)) different.push_back(value);
  }
  for (const T& value : now) {
    if (!believed.contains(value)) different.push_back(value);
  }
  // The same things in new places would leave the old places behind as holes in memory.
  if (!different.empty()) believed = std::move(now);
  return different;
}

}  // namespace

void BelievedHost::done(const ipvs::IpvsOp& op) {
  struct Visitor {
    BelievedHost& host;
    void operator()(const ipvs::AddVirtualServer& add) { host.insert(add.server); }
    void operator()(const ipvs::EditVirtualServer& edit) { host.insert(edit.server); }
    void operator()(const ipvs::DeleteVirtualServer& gone) { host.erase(gone.key); }
    void operator()(const ipvs::AddRealServer& add) { put_real(add.virtual_server, add.server); }
    void operator()(const ipvs::EditRealServer& edit) {
      put_real(edit.virtual_server, edit.server);
    }
    void operator()(const ipvs::DeleteRealServer& gone) {
      auto found = host.virtual_servers_.find(gone.virtual_server);
      if (found == host.virtual_servers_.end()) return;
      if (found->second.real_servers.erase(gone.server)) --host.real_server_count_;
    }
    void operator()(const ipvs::SetTimeouts&) {}

    void put_real(const ipvs::VirtualServerKey& key, const ipvs::RealServer& server) {
      auto found = host.virtual_servers_.find(key);
      if (found == host.virtual_servers_.end()) return;
      if (found->second.real_servers.put(server)) ++host.real_server_count_;
    }
  };
  std::visit(Visitor{*this}, op);
}

void BelievedHost::done(const netconf::AddressOp& op) {
  if (const auto* bind = std::get_if<netconf::BindAddress>(&op)) addresses_.insert(bind->address);
  if (const auto* unbind = std::get_if<netconf::UnbindAddress>(&op)) {
    addresses_.erase(unbind->address);
  }
  if (std::holds_alternative<netconf::DeleteDevice>(op)) addresses_.clear();
}

void BelievedHost::add(const SetEntry& entry) {
  std::unordered_set<netconf::IpsetEntry>& set = sets_[set_index(entry.set, entry.family)];
  if (entry.entry.mark_mask != 0 && set.bucket_count() > 0) {
    // The hash leaves marks out, so that another one of the same key is in the same bucket.
    std::vector<netconf::IpsetEntry> replaced;
    std::size_t bucket = set.bucket(entry.entry);
    for (auto other = set.begin(bucket); other != set.end(bucket); ++other) {
      netconf::IpsetEntry same = *other;
      same.mark = entry.entry.mark;
      same.mark_mask = entry.entry.mark_mask;
      if (same == entry.entry) replaced.push_back(*other);
    }
    for (const netconf::IpsetEntry& other : replaced) set.erase(other);
  }
  set.insert(entry.entry);
}

void BelievedHost::remove(const SetEntry& entry) {
  sets_[set_index(entry.set, entry.family)].erase(entry.entry);
}

void BelievedHost::made(const ipvs::VirtualServer& server, const RealServerList& real_servers) {
  BelievedVirtualServer& place = insert(server);
  real_server_count_ += real_servers.size() - place.real_servers.size();
  place.real_servers = real_servers;
}

bool BelievedHost::observe(const ipvs::VirtualServerState& state, const RealServerList& wanted) {
  RealServerList::Servers servers;
  servers.reserve(state.real_servers.size());
  for (const ipvs::RealServerState& real : state.real_servers) servers.push_back(real.server);
  BelievedVirtualServer seen{.server = state.server, .real_servers = std::move(servers)};
  seen.real_servers.share(wanted);
  const BelievedVirtualServer* known = virtual_server(state.server.key);
  const bool differs = known == nullptr || !(*known == seen);
  BelievedVirtualServer& place = insert(state.server);
  real_server_count_ += seen.real_servers.size() - place.real_servers.size();
  place = std::move(seen);
  return differs;
}

void BelievedHost::share(const ipvs::VirtualServerKey& key, const RealServerList& wanted) {
  auto found = virtual_servers_.find(key);
  if (found != virtual_servers_.end()) found->second.real_servers.share(wanted);
}

bool BelievedHost::observe_absent(const ipvs::VirtualServerKey& key) {
  bool believed = virtual_servers_.contains(key);
  erase(key);
  return believed;
}

std::vector<base::IpAddress> BelievedHost::observe_addresses(
    const std::vector<base::IpAddress>& bound) {
  return replace(addresses_, std::unordered_set<base::IpAddress>(bound.begin(), bound.end()));
}

std::vector<SetEntry> BelievedHost::observe_set(SetId set, base::Family family,
                                                const std::vector<netconf::IpsetEntry>& entries) {
  std::vector<SetEntry> different;
  for (const netconf::IpsetEntry& entry :
       replace(sets_[set_index(set, family)],
               std::unordered_set<netconf::IpsetEntry>(entries.begin(), entries.end()))) {
    different.push_back({.set = set, .family = family, .entry = entry});
  }
  return different;
}

const BelievedVirtualServer* BelievedHost::virtual_server(const ipvs::VirtualServerKey& key) const {
  auto found = virtual_servers_.find(key);
  return found == virtual_servers_.end() ? nullptr : &found->second;
}

bool BelievedHost::answers(const ipvs::VirtualServerKey& key,
                           const ipvs::RealServerKey& server) const {
  const BelievedVirtualServer* known = virtual_server(key);
  if (known == nullptr) return false;
  return std::any_of(known->real_servers.begin(), known->real_servers.end(),
                     [&](const ipvs::RealServer& real) { return real.key == server; });
}

bool BelievedHost::holds(const SetEntry& entry) const {
  return set(entry.set, entry.family).contains(entry.entry);
}

std::size_t BelievedHost::virtual_servers_on(const base::IpAddress& address) const {
  auto found = virtual_servers_on_.find(address);
  return found == virtual_servers_on_.end() ? 0 : found->second;
}

Touched BelievedHost::everything() const {
  Touched all;
  all.virtual_servers.reserve(virtual_servers_.size());
  for (const auto& [key, server] : virtual_servers_) all.virtual_servers.push_back(key);
  all.addresses.assign(addresses_.begin(), addresses_.end());
  for (SetId id : all_sets()) {
    for (base::Family family : {base::Family::kIpv4, base::Family::kIpv6}) {
      for (const netconf::IpsetEntry& entry : set(id, family)) {
        all.set_entries.push_back({.set = id, .family = family, .entry = entry});
      }
    }
  }
  return all;
}

BelievedVirtualServer& BelievedHost::insert(const ipvs::VirtualServer& server) {
  auto [place, inserted] = virtual_servers_.try_emplace(server.key);
  if (inserted) ++virtual_servers_on_[server.key.address];
  place->second.server = server;
  return place->second;
}

void BelievedHost::erase(const ipvs::VirtualServerKey& key) {
  auto found = virtual_servers_.find(key);
  if (found == virtual_servers_.end()) return;
  real_server_count_ -= found->second.real_servers.size();
  virtual_servers_.erase(found);
  auto count = virtual_servers_on_.find(key.address);
  if (--count->second == 0) virtual_servers_on_.erase(count);
}

}  // namespace agent
