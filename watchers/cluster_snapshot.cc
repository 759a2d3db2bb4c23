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

// Puts the object in place of the known one of its key; returns that, null where there is none.
template <typename T>
std::shared_ptr<const T> exchange(ObjectsByKey<T>& objects, std::shared_ptr<const T> object) {
  auto [place, first] = objects.insert(object);
  if (first) return nullptr;
  auto node = objects.extract(place);
  std::shared_ptr<const T> known = std::exchange(node.value(), std::move(object));
  objects.insert(std::move(node));
  return known;
}

ObjectKey service_of(const EndpointSlice& slice) { return {slice.key.space, slice.service}; }

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
      std::shared_ptr<const Node> known = std::exchange(node_, object_in<Node>(news));
      Change change;
      change.node = known && node_ ? !same_plan(*known, *node_) : known != node_;
      return change;
    }
  }
  return {};
}

ClusterSnapshot::Change ClusterSnapshot::apply_service(const ObjectKey& key,
                                                       std::shared_ptr<const Service> service) {
  Change change;
  if (!service || service->served_elsewhere) {
    auto known = services_.find(key);
    if (known == services_.end()) return change;
    services_.erase(known);
    change.services.push_back(key);
    return change;
  }
  const Service& now = *service;
  std::shared_ptr<const Service> known = exchange(services_, std::move(service));
  if (!known || !same_plan(*known, now)) change.services.push_back(key);
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

  auto filed = filed_slices_.find(key);
  std::shared_ptr<const EndpointSlice> known = filed == filed_slices_.end() ? nullptr : *filed;
  if (known && (!slice || known->service != slice->service)) {
    ObjectKey service = service_of(*known);
    auto old_list = slices_.find(service);
    old_list->second.erase(find_place(old_list->second, key.name));
    if (old_list->second.empty()) slices_.erase(old_list);
    name_if_known(service);
    filed_slices_.erase(filed);
    known = nullptr;
  }
  if (!slice) return change;

  ObjectKey service = service_of(*slice);
  SliceList& list = slices_[service];
  auto place = find_place(list, key.name);
  if (known) {
    *place = slice;
  } else {
    list.insert(place, slice);
  }
  exchange(filed_slices_, slice);
  if (!known || !same_plan(*known, *slice)) name_if_known(service);
  return change;
}

std::shared_ptr<const Service> ClusterSnapshot::service(const ObjectKey& key) const {
  auto found = services_.find(key);
  return found == services_.end() ? nullptr : *found;
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
  for (const auto& service : services_) keys.push_back(service->key);
  return keys;
}

}  // namespace watchers
