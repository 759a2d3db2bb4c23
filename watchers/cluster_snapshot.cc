#include "watchers/cluster_snapshot.h"

#include <algorithm>
#include <utility>

namespace watchers {
namespace {

// Whether nothing differs but what planning never looks at. A node writes its status every few
// seconds, and controllers rewrite annotations: such updates must not cause any work.
bool same_plan(const Service& a, const Service& b) {
  Service aligned = b;
  aligned.resource_version = a.resource_version;
  return a == aligned;
}

bool same_plan(const EndpointSlice& a, const EndpointSlice& b) {
  return a.key == b.key && a.service == b.service && a.groups == b.groups &&
         a.problems == b.problems;
}

bool same_plan(const Node& a, const Node& b) {
  Node aligned = b;
  aligned.resource_version = a.resource_version;
  return a == aligned;
}

// Takes `next` (null: none) into `known` and tells whether that changes any plan.
template <typename T>
bool replace(std::shared_ptr<const T>& known, std::shared_ptr<const T> next) {
  bool changed = known && next ? !same_plan(*known, *next) : known != next;
  known = std::move(next);
  return changed;
}

// The object that the news brings; null for every other news.
template <typename T>
std::shared_ptr<const T> object_in(const ObjectNews& news) {
  const auto* object = std::get_if<std::shared_ptr<const T>>(&news);
  return object ? *object : nullptr;
}

SliceList::iterator find_place(SliceList& slices, const std::string& name) {
  return std::lower_bound(
      slices.begin(), slices.end(), name,
      [](const auto& slice, const std::string& wanted) { return slice->key.name < wanted; });
}

}  // namespace

ClusterSnapshot::Change ClusterSnapshot::apply(const EventKey& key, const ObjectNews& news) {
  if (std::holds_alternative<Synced>(news)) {
    synced_[static_cast<std::size_t>(key.kind)] = true;
    return {};
  }
  if (std::holds_alternative<Rejected>(news)) return {};
  switch (key.kind) {
    case Kind::kService: return apply_service(key.object, object_in<Service>(news));
    case Kind::kEndpointSlice: return apply_slice(key.object, object_in<EndpointSlice>(news));
    case Kind::kNode: {
      Change change;
      change.node = replace(node_, object_in<Node>(news));
      return change;
    }
  }
  return {};
}

ClusterSnapshot::Change ClusterSnapshot::apply_service(const ObjectKey& key,
                                                       std::shared_ptr<const Service> service) {
  if (service && service->served_elsewhere) service = nullptr;
  Change change;
  if (!service) {
    if (services_.erase(key) > 0) change.services.push_back(key);
  } else if (replace(services_[key], std::move(service))) {
    change.services.push_back(key);
  }
  return change;
}

ClusterSnapshot::Change ClusterSnapshot::apply_slice(const ObjectKey& key,
                                                     std::shared_ptr<const EndpointSlice> slice) {
  Change change;
  auto name_if_known = [&](const ObjectKey& service) {
    if (services_.contains(service)) change.services.push_back(service);
  };
  // Without the label that names its Service a slice belongs nowhere.
  if (slice && slice->service.empty()) slice = nullptr;

  auto filed = slice_owner_.find(key);
  if (filed != slice_owner_.end() && (!slice || filed->second.name != slice->service)) {
    auto old_list = slices_.find(filed->second);
    old_list->second.erase(find_place(old_list->second, key.name));
    if (old_list->second.empty()) slices_.erase(old_list);
    name_if_known(filed->second);
    slice_owner_.erase(filed);
    filed = slice_owner_.end();
  }
  if (!slice) return change;

  ObjectKey service{key.space, slice->service};
  SliceList& list = slices_[service];
  auto place = find_place(list, key.name);
  bool changed = true;
  if (filed != slice_owner_.end()) {
    changed = replace(*place, std::move(slice));
  } else {
    list.insert(place, std::move(slice));
    slice_owner_.emplace(key, service);
  }
  if (changed) name_if_known(service);
  return change;
}

std::shared_ptr<const Service> ClusterSnapshot::service(const ObjectKey& key) const {
  auto found = services_.find(key);
  return found == services_.end() ? nullptr : found->second;
}

const SliceList& ClusterSnapshot::slices(const ObjectKey& service) const {
  static const SliceList kNone;
  auto found = slices_.find(service);
  return found == slices_.end() ? kNone : found->second;
}

bool ClusterSnapshot::synced(Kind kind) const { return synced_[static_cast<std::size_t>(kind)]; }

std::vector<ObjectKey> ClusterSnapshot::service_keys() const {
  std::vector<ObjectKey> keys;
  keys.reserve(services_.size());
  for (const auto& [key, service] : services_) keys.push_back(key);
  return keys;
}

}  // namespace watchers
