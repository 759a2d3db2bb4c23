#ifndef IPVS_AGENT_TESTS_APISERVER_OBJECT_STORE_H_
#define IPVS_AGENT_TESTS_APISERVER_OBJECT_STORE_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event_fd.h"
#include "base/result.h"
#include "tests/apiserver/resource_types.h"

namespace apiserver {

using Version = std::uint64_t;  // a resourceVersion

// One version of one object. The text is kept, not a document tree, so that 10,000 of them fit into
// a small guest and go out as fast as the network takes them.
struct StoredObject {
  const ResourceType* type = nullptr;
  std::string space;
  std::string name;
  Version version = 0;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> fields;  // what field selectors may name
  std::string members;  // the JSON object without '{', kind and apiVersion; '}' included

  // As it stands in a list.
  std::string item() const { return "{" + members; }
  // As it stands alone and in watch events.
  std::string text() const;
  nlohmann::json json() const;
};

using ObjectPtr = std::shared_ptr<const StoredObject>;

// One change. `previous` is null for an added object; for a deleted one `object` is its last state
// with the version of the deletion.
struct StoreEvent {
  enum class Type { kAdded, kModified, kDeleted };
  Type type = Type::kAdded;
  ObjectPtr object;
  ObjectPtr previous;
};

struct Snapshot {
  Version version = 0;
  std::vector<ObjectPtr> objects;  // ordered by namespace and name
};

// The objects, the one counter of resource versions that all of them share, and the changes since
// the last compaction: what etcd and the watch cache are to the real server.
//
// Threading: every method may be called from any thread.
class ObjectStore {
 public:
  struct Options {
    bool managed_fields = false;    // add metadata.managedFields, which make objects larger
    std::size_t history = 100'000;  // changes kept; older ones are compacted away
  };

  explicit ObjectStore(Options options);

  // Each sets resourceVersion, uid, creationTimestamp (and generation where the kind has one).
  // Errors: kAlreadyExists; kInvalidArgument for an object without a name.
  base::Result<ObjectPtr> create(const ResourceType& type, nlohmann::json object);
  // Replaces. Nothing changes, and no version is used, when the object says nothing new.
  // Errors: kNotFound; kOutOfDate when the object names a resourceVersion that is not the last.
  base::Result<ObjectPtr> update(const ResourceType& type, nlohmann::json object);
  // Creates or replaces, whatever the resourceVersion given.
  base::Result<ObjectPtr> put(const ResourceType& type, nlohmann::json object);
  base::Result<ObjectPtr> erase(const ResourceType& type, const std::string& space,
                                const std::string& name);

  base::Result<ObjectPtr> get(const ResourceType& type, const std::string& space,
                              const std::string& name) const;
  Snapshot list(const ResourceType& type) const;
  // The list as it was, kept for later pages. Errors: kOutOfDate.
  base::Result<Snapshot> list_at(const ResourceType& type, Version version) const;
  void keep_for_pages(const ResourceType& type, const Snapshot& snapshot);

  // The changes after `after`, of this type; `reached` becomes the version they lead to.
  // Errors: kOutOfDate.
  base::Result<std::vector<StoreEvent>> events_after(const ResourceType& type, Version after,
                                                     Version& reached) const;

  Version version() const;
  Version compacted() const;
  // Forgets history and kept pages; what is older than the present version is Gone.
  void compact();
  // Uses up versions, as changes of other resources do.
  void advance(Version by);
  bool await_version(Version version, base::Duration timeout) const;

  // Raises the flag at every change, until unsubscribed.
  void subscribe(const base::EventFd& flag);
  void unsubscribe(const base::EventFd& flag);

 private:
  using Key = std::pair<std::string, std::string>;
  using Objects = std::map<Key, ObjectPtr>;

  base::Result<ObjectPtr> store(const ResourceType& type, nlohmann::json object,
                                ObjectPtr previous);
  void commit(StoreEvent event);
  std::string new_uid();

  const Options options_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<const ResourceType*, Objects> objects_;
  std::deque<StoreEvent> history_;
  std::map<std::pair<const ResourceType*, Version>, Snapshot> pages_;
  std::set<const base::EventFd*> subscribers_;
  Version version_ = 100;  // a real cluster's own objects have used some already
  Version compacted_ = 0;
  std::mt19937_64 random_;
};

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_OBJECT_STORE_H_
