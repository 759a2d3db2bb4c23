#include "agent/traffic_owners.h"

#include <algorithm>
#include <utility>

namespace agent {
namespace {

// Look-ups for which the lock is held at a time.
constexpr std::size_t kLookups = 256;

// A mark's virtual server is called by the address that leads to it.
void name_marked(const ipvs::VirtualServerKey& key, const ServicePlan* plan, TrafficOwner& owner) {
  owner.clients = Clients::kMasqueraded;
  if (plan == nullptr) return;
  for (const SetEntry& entry : plan->set_entries) {
    if (entry.set != SetId::kInsideMark || entry.family != key.family() ||
        (key.firewall_mark & entry.entry.mark_mask) != entry.entry.mark) {
      continue;
    }
    owner.address = entry.entry.ip;
    owner.port = entry.entry.port;
    owner.protocol = entry.entry.protocol;
    if (key.firewall_mark == entry.entry.mark && owner.kind != VipKind::kNodePort) {
      owner.clients = Clients::kPods;
    }
    return;
  }
}

}  // namespace

std::string_view to_string(Clients clients) {
  switch (clients) {
    case Clients::kAll: return "all";
    case Clients::kPods: return "pods";
    case Clients::kMasqueraded: return "masqueraded";
  }
  return "unknown";
}

void TrafficOwners::note(const DesiredHost& desired,
                         std::span<const ipvs::VirtualServerKey> touched) {
  std::shared_ptr<const watchers::ObjectKey> service;
  for (const ipvs::VirtualServerKey& key : touched) {
    const PlannedVirtualServer* planned = desired.virtual_server(key);
    if (planned == nullptr) {
      std::lock_guard lock(mutex_);
      owners_.erase(key);
      continue;
    }
    const watchers::ObjectKey& name = *desired.owner(key);
    // The virtual servers of a Service come one behind the other and share its name.
    if (service == nullptr || *service != name) {
      service = std::make_shared<const watchers::ObjectKey>(name);
    }
    TrafficOwner owner{.service = service,
                       .kind = planned->kind,
                       .protocol = planned->protocol,
                       .port = key.port,
                       .address = key.address};
    if (key.firewall_mark != 0) name_marked(key, desired.plan(name), owner);
    std::lock_guard lock(mutex_);
    owners_.insert_or_assign(key, std::move(owner));
  }
}

void TrafficOwners::clear() {
  std::unordered_map<ipvs::VirtualServerKey, TrafficOwner> none;
  std::lock_guard lock(mutex_);
  owners_.swap(none);
}

std::vector<TrafficOwner> TrafficOwners::owners_of(
    std::span<const ipvs::VirtualServerKey> keys) const {
  std::vector<TrafficOwner> found;
  found.reserve(keys.size());
  while (!keys.empty()) {
    std::span<const ipvs::VirtualServerKey> some = keys.first(std::min(keys.size(), kLookups));
    keys = keys.subspan(some.size());
    std::lock_guard lock(mutex_);
    for (const ipvs::VirtualServerKey& key : some) {
      auto place = owners_.find(key);
      found.push_back(place == owners_.end() ? TrafficOwner() : place->second);
    }
  }
  return found;
}

std::size_t TrafficOwners::size() const {
  std::lock_guard lock(mutex_);
  return owners_.size();
}

}  // namespace agent
