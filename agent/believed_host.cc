#include "agent/believed_host.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace agent {
namespace {

auto place_of(std::vector<ipvs::RealServer>& servers, const ipvs::RealServerKey& key) {
  return std::lower_bound(servers.begin(), servers.end(), key,
                          [](const ipvs::RealServer& a, const auto& b) { return a.key < b; });
}

void put(std::vector<ipvs::RealServer>& servers, const ipvs::RealServer& server) {
  auto place = place_of(servers, server.key);
  if (place != servers.end() && place->key == server.key) {
    *place = server;
    return;
  }
  auto index = place - servers.begin();
  // They come one by one; doubling would leave much of the memory of many small lists unused.
  if (servers.size() == servers.capacity())
    servers.reserve(servers.size() + servers.size() / 4 + 2);
  servers.insert(servers.begin() + index, server);
}

// The members of exactly one of the two, which then becomes `now`.
template <typename T>
std::vector<T> replace(std::unordered_set<T>& believed, std::unordered_set<T> now) {
  std::vector<T> different;
  for (const T& value : believed) {
    if (!now.contains(value)) different.push_back(value);
  }
  for (const T& value : now) {
    if (!believed.contains(value)) different.push_back(value);
  }
  believed = std::move(now);
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
      auto& servers = found->second.real_servers;
      auto place = place_of(servers, gone.server);
      if (place == servers.end() || place->key != gone.server) return;
      servers.erase(place);
      --host.real_server_count_;
    }
    void operator()(const ipvs::SetTimeouts&) {}

    void put_real(const ipvs::VirtualServerKey& key, const ipvs::RealServer& server) {
      auto found = host.virtual_servers_.find(key);
      if (found == host.virtual_servers_.end()) return;
      std::size_t before = found->second.real_servers.size();
      put(found->second.real_servers, server);
      host.real_server_count_ += found->second.real_servers.size() - before;
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

bool BelievedHost::observe(const ipvs::VirtualServerState& state) {
  BelievedVirtualServer seen;
  seen.server = state.server;
  seen.real_servers.reserve(state.real_servers.size());
  for (const ipvs::RealServerState& real : state.real_servers) {
    seen.real_servers.push_back(real.server);
  }
  const BelievedVirtualServer* known = virtual_server(state.server.key);
  if (known != nullptr && *known == seen) return false;
  BelievedVirtualServer& place = insert(state.server);
  real_server_count_ += seen.real_servers.size() - place.real_servers.size();
  place = std::move(seen);
  return true;
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
