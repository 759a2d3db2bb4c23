#ifndef IPVS_AGENT_WATCHERS_CLUSTER_SNAPSHOT_H_
#define IPVS_AGENT_WATCHERS_CLUSTER_SNAPSHOT_H_

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "watchers/object_event.h"
#include "watchers/objects.h"

namespace watchers {

// The endpoint slices of one Service, sorted by name.
using SliceList = std::vector<std::shared_ptr<const EndpointSlice>>;

// Objects found by the key that is in each of them, so that no key is kept twice.
template <typename T>
struct ByObjectKey {
  using is_transparent = void;
  using Object = std::shared_ptr<const T>;
  static const ObjectKey& key_of(const ObjectKey& key) { return key; }
  static const ObjectKey& key_of(const Object& object) { return object->key; }

  std::size_t operator()(const auto& thing) const { return std::hash<ObjectKey>()(key_of(thing)); }
  bool operator()(const auto& a, const auto& b) const { return key_of(a) == key_of(b); }
};
template <typename T>
using ObjectsByKey = std::unordered_set<std::shared_ptr<const T>, ByObjectKey<T>, ByObjectKey<T>>;

// The cluster as the API last told it: the Services, their slices, and the own Node.
//
// Threading: one owner; the objects in it are immutable and may be shared with any thread.
class ClusterSnapshot {
 public:
  // What an event changed.
  struct Change {
    // Services whose plan can differ now; a slice that moved from one Service to another names
    // both. A Service that is not known (its slices came first) is not named.
    std::vector<ObjectKey> services;
    // The Node's part that planning looks at changed: every Service can be affected.
    bool node = false;
  };

  // Takes in one event. An object that equals the known one, but for its resourceVersion and
  // trigger time, changes nothing. A Service that is served elsewhere counts as deleted. Rejected
  // and Synced events change no object; Synced is remembered for synced().
  Change apply(const EventKey& key, const ObjectNews& news);

  // Null where the Service is not known.
  std::shared_ptr<const Service> service(const ObjectKey& key) const;
  // Empty where the Service has none; slices can be known before their Service.
  const SliceList& slices(const ObjectKey& service) const;
  std::shared_ptr<const Node> node() const { return node_; }

  // Whether each source has delivered a whole list at least once.
  bool synced(Kind kind) const;

  // In no particular order.
  std::vector<ObjectKey> service_keys() const;
  // Calls visit(const Service&) for each, in no particular order.
  template <typename Visit>
  void for_each_service(Visit visit) const {
    for (const auto& service : services_) visit(*service);
  }
  std::size_t service_count() const { return services_.size(); }
  std::size_t slice_count() const { return filed_slices_.size(); }

 private:
  // Null: deleted.
  Change apply_service(const ObjectKey& key, std::shared_ptr<const Service> service);
  Change apply_slice(const ObjectKey& key, std::shared_ptr<const EndpointSlice> slice);

  ObjectsByKey<Service> services_;
  std::unordered_map<ObjectKey, SliceList> slices_;  // by Service
  ObjectsByKey<EndpointSlice> filed_slices_;         // all that are in slices_
  std::shared_ptr<const Node> node_;
  bool synced_[3] = {};
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_CLUSTER_SNAPSHOT_H_
