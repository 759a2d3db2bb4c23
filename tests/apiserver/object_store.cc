#include "tests/apiserver/object_store.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

namespace apiserver {
namespace {

using Json = nlohmann::json;

std::string timestamp() {
  std::time_t now = std::time(nullptr);
  std::tm civil{};
  gmtime_r(&now, &civil);
  std::array<char, 32> text;
  std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &civil);
  return {text.data(), length};
}

std::map<std::string, std::string> strings_of(const Json& object) {
  std::map<std::string, std::string> strings;
  if (!object.is_object()) return strings;
  for (const auto& [key, value] : object.items()) {
    if (value.is_string()) strings[key] = value.get<std::string>();
  }
  return strings;
}

std::string string_at(const Json& object, const char* pointer) {
  Json::json_pointer at(pointer);
  return object.contains(at) && object[at].is_string() ? object[at].get<std::string>() : "";
}

// The names of an object's fields, nested as fieldsV1 nests them.
Json field_names(const Json& value) {
  Json names = Json::object();
  if (!value.is_object()) return names;
  for (const auto& [key, inner] : value.items()) names["f:" + key] = field_names(inner);
  return names;
}

void add_managed_fields(const ResourceType& type, Json& object) {
  Json& metadata = object["metadata"];
  metadata.erase("managedFields");
  Json owned = field_names(object);
  owned.erase("f:kind");
  owned.erase("f:apiVersion");
  metadata["managedFields"] = Json::array({{{"manager", "kube-controller-manager"},
                                            {"operation", "Update"},
                                            {"apiVersion", type.api_version()},
                                            {"time", timestamp()},
                                            {"fieldsType", "FieldsV1"},
                                            {"fieldsV1", owned}}});
}

// What the object says beside what the server itself writes.
Json said(Json object) {
  for (const char* own :
       {"resourceVersion", "uid", "creationTimestamp", "generation", "managedFields", "selfLink"}) {
    object["metadata"].erase(own);
  }
  object.erase("kind");
  object.erase("apiVersion");
  return object;
}

// As the real server prints it: metadata before the rest.
std::string members_of(const Json& object) {
  std::string members = "\"metadata\":" + object.at("metadata").dump();
  for (const auto& [key, value] : object.items()) {
    if (key == "metadata" || key == "kind" || key == "apiVersion") continue;
    members += ",\"" + key + "\":" + value.dump();
  }
  return members + "}";
}

}  // namespace

std::string StoredObject::text() const {
  return "{\"kind\":\"" + type->kind + "\",\"apiVersion\":\"" + type->api_version() + "\"," +
         members;
}

Json StoredObject::json() const { return Json::parse(text()); }

ObjectStore::ObjectStore(Options options) : options_(options), random_(std::random_device{}()) {}

std::string ObjectStore::new_uid() {
  std::uint64_t high = random_();
  std::uint64_t low = random_();
  std::array<char, 40> text;
  std::snprintf(text.data(), text.size(), "%08x-%04x-4%03x-%04x-%012llx",
                static_cast<unsigned>(high >> 32), static_cast<unsigned>(high >> 16 & 0xffff),
                static_cast<unsigned>(high & 0xfff), static_cast<unsigned>(0x8000 | (low >> 50)),
                static_cast<unsigned long long>(low & 0xffffffffffffULL));
  return text.data();
}

base::Result<ObjectPtr> ObjectStore::create(const ResourceType& type, Json object) {
  std::lock_guard lock(mutex_);
  Key key(string_at(object, "/metadata/namespace"), string_at(object, "/metadata/name"));
  if (objects_[&type].contains(key)) {
    return base::Status(base::Code::kAlreadyExists,
                        type.plural + " \"" + key.second + "\" already exists");
  }
  return store(type, std::move(object), nullptr);
}

base::Result<ObjectPtr> ObjectStore::update(const ResourceType& type, Json object) {
  std::lock_guard lock(mutex_);
  Key key(string_at(object, "/metadata/namespace"), string_at(object, "/metadata/name"));
  auto found = objects_[&type].find(key);
  if (found == objects_[&type].end()) {
    return base::Status(base::Code::kNotFound, type.plural + " \"" + key.second + "\" not found");
  }
  std::string based_on = string_at(object, "/metadata/resourceVersion");
  if (!based_on.empty() && based_on != std::to_string(found->second->version)) {
    return base::Status(base::Code::kOutOfDate,
                        "Operation cannot be fulfilled on " + type.plural + " \"" + key.second +
                            "\": the object has been modified; please apply your changes to the "
                            "latest version and try again");
  }
  return store(type, std::move(object), found->second);
}

base::Result<ObjectPtr> ObjectStore::put(const ResourceType& type, Json object) {
  std::lock_guard lock(mutex_);
  Key key(string_at(object, "/metadata/namespace"), string_at(object, "/metadata/name"));
  auto found = objects_[&type].find(key);
  return store(type, std::move(object), found == objects_[&type].end() ? nullptr : found->second);
}

// The mutex is held.
base::Result<ObjectPtr> ObjectStore::store(const ResourceType& type, Json object,
                                           ObjectPtr previous) {
  auto stored = std::make_shared<StoredObject>();
  stored->type = &type;
  stored->space = string_at(object, "/metadata/namespace");
  stored->name = string_at(object, "/metadata/name");
  if (stored->name.empty()) {
    return base::Status(base::Code::kInvalidArgument, "name or generateName is required");
  }
  Json& metadata = object["metadata"];
  bool has_generation = type.kind == "EndpointSlice";
  Json before = previous == nullptr ? Json() : previous->json();
  if (previous != nullptr) {
    Json old_said = said(before);
    Json new_said = said(object);
    if (old_said == new_said) return previous;
    metadata["uid"] = before["metadata"]["uid"];
    metadata["creationTimestamp"] = before["metadata"]["creationTimestamp"];
    old_said.erase("metadata");
    new_said.erase("metadata");
    if (has_generation) {
      metadata["generation"] =
          before["metadata"]["generation"].get<int>() + (old_said == new_said ? 0 : 1);
    }
  } else {
    metadata["uid"] = new_uid();
    metadata["creationTimestamp"] = timestamp();
    if (has_generation) metadata["generation"] = 1;
  }
  if (options_.managed_fields) add_managed_fields(type, object);
  stored->version = ++version_;
  metadata["resourceVersion"] = std::to_string(stored->version);
  stored->labels = strings_of(metadata.value("labels", Json::object()));
  stored->fields = {{"metadata.name", stored->name}, {"metadata.namespace", stored->space}};
  if (type.kind == "Service") {
    stored->fields["spec.clusterIP"] = string_at(object, "/spec/clusterIP");
    stored->fields["spec.type"] = string_at(object, "/spec/type");
  }
  stored->members = members_of(object);
  objects_[&type][Key(stored->space, stored->name)] = stored;
  commit({previous == nullptr ? StoreEvent::Type::kAdded : StoreEvent::Type::kModified, stored,
          std::move(previous)});
  return ObjectPtr(stored);
}

base::Result<ObjectPtr> ObjectStore::erase(const ResourceType& type, const std::string& space,
                                           const std::string& name) {
  std::lock_guard lock(mutex_);
  auto found = objects_[&type].find(Key(space, name));
  if (found == objects_[&type].end()) {
    return base::Status(base::Code::kNotFound, type.plural + " \"" + name + "\" not found");
  }
  ObjectPtr previous = found->second;
  objects_[&type].erase(found);
  auto last = std::make_shared<StoredObject>(*previous);
  Json object = previous->json();
  last->version = ++version_;
  object["metadata"]["resourceVersion"] = std::to_string(last->version);
  last->members = members_of(object);
  commit({StoreEvent::Type::kDeleted, last, std::move(previous)});
  return ObjectPtr(last);
}

// The mutex is held.
void ObjectStore::commit(StoreEvent event) {
  history_.push_back(std::move(event));
  if (history_.size() > options_.history) {
    compacted_ = history_.front().object->version;
    history_.pop_front();
  }
  for (const base::EventFd* flag : subscribers_) flag->notify();
  changed_.notify_all();
}

base::Result<ObjectPtr> ObjectStore::get(const ResourceType& type, const std::string& space,
                                         const std::string& name) const {
  std::lock_guard lock(mutex_);
  if (auto all = objects_.find(&type); all != objects_.end()) {
    auto found = all->second.find(Key(space, name));
    if (found != all->second.end()) return found->second;
  }
  return base::Status(base::Code::kNotFound, type.plural + " \"" + name + "\" not found");
}

Snapshot ObjectStore::list(const ResourceType& type) const {
  std::lock_guard lock(mutex_);
  Snapshot snapshot{version_, {}};
  auto all = objects_.find(&type);
  if (all == objects_.end()) return snapshot;
  snapshot.objects.reserve(all->second.size());
  for (const auto& [key, object] : all->second) snapshot.objects.push_back(object);
  return snapshot;
}

base::Result<Snapshot> ObjectStore::list_at(const ResourceType& type, Version version) const {
  {
    std::lock_guard lock(mutex_);
    auto kept = pages_.find({&type, version});
    if (kept != pages_.end()) return kept->second;
    if (version != version_) {
      return base::Status(base::Code::kOutOfDate,
                          "version " + std::to_string(version) + " is not kept any more");
    }
  }
  return list(type);
}

void ObjectStore::keep_for_pages(const ResourceType& type, const Snapshot& snapshot) {
  constexpr std::size_t kMostKept = 32;
  std::lock_guard lock(mutex_);
  pages_[{&type, snapshot.version}] = snapshot;
  if (pages_.size() > kMostKept) {
    auto oldest = std::min_element(pages_.begin(), pages_.end(), [](const auto& a, const auto& b) {
      return a.first.second < b.first.second;
    });
    pages_.erase(oldest);
  }
}

base::Result<std::vector<StoreEvent>> ObjectStore::events_after(const ResourceType& type,
                                                                Version after,
                                                                Version& reached) const {
  std::lock_guard lock(mutex_);
  if (after < compacted_) {
    return base::Status(base::Code::kOutOfDate,
                        "too old resource version: " + std::to_string(after) + " (" +
                            std::to_string(compacted_) + ")");
  }
  std::vector<StoreEvent> events;
  auto event = std::upper_bound(
      history_.begin(), history_.end(), after,
      [](Version version, const StoreEvent& e) { return version < e.object->version; });
  for (; event != history_.end(); ++event) {
    if (event->object->type == &type) events.push_back(*event);
  }
  reached = std::max(after, version_);
  return events;
}

Version ObjectStore::version() const {
  std::lock_guard lock(mutex_);
  return version_;
}

Version ObjectStore::compacted() const {
  std::lock_guard lock(mutex_);
  return compacted_;
}

void ObjectStore::compact() {
  std::lock_guard lock(mutex_);
  history_.clear();
  pages_.clear();
  compacted_ = version_;
}

void ObjectStore::advance(Version by) {
  std::lock_guard lock(mutex_);
  version_ += by;
  for (const base::EventFd* flag : subscribers_) flag->notify();
  changed_.notify_all();
}

bool ObjectStore::await_version(Version version, base::Duration timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return version_ >= version; });
}

void ObjectStore::subscribe(const base::EventFd& flag) {
  std::lock_guard lock(mutex_);
  subscribers_.insert(&flag);
}

void ObjectStore::unsubscribe(const base::EventFd& flag) {
  std::lock_guard lock(mutex_);
  subscribers_.erase(&flag);
}

}  // namespace apiserver
