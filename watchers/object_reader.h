#ifndef IPVS_AGENT_WATCHERS_OBJECT_READER_H_
#define IPVS_AGENT_WATCHERS_OBJECT_READER_H_

#include <optional>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "watchers/field_reader.h"
#include "watchers/object_decoder.h"

namespace watchers {

// Fields that every object has; those of its own start at kFirstOwnField.
enum MetaField : Field {
  kKind = 2,
  kMetadata,
  kName,
  kNamespace,
  kUid,
  kResourceVersion,
  kDeletionTimestamp,
  kLabels,
  kAnnotations,
  kEvent,  // the outside of a watch event
  kEventType,
  kFirstOwnField = 16,
};

// The steps to them, to be put into every table.
extern const std::initializer_list<FieldStep> kMetaSteps;

// Reads objects of one resource from JSON: the parts that all of them share. A subclass reads the
// rest and builds the value.
//
// Threading: one owner.
class ObjectReader : protected FieldReader {
 public:
  // One object. `defect`, if not empty, tells why `json` is but its beginning.
  DecodedObject read_object(std::string_view json, std::string_view defect);
  // One event of a watch around an object.
  WatchEvent read_event(std::string_view json, std::string_view defect);

 protected:
  // `kind` is what the API calls the resource, "Service"; `namespaced` whether it has a namespace.
  ObjectReader(const FieldTable& table, std::string_view kind, bool namespaced)
      : FieldReader(table), kind_(kind), namespaced_(namespaced) {}

  // Forgets the object before.
  virtual void clear() = 0;
  // The object, or Rejected where nothing usable is in it. What `problems()` holds goes with it.
  virtual ObjectNews build() = 0;

  // To be called by those of a subclass for fields that are not its own.
  void on_string(Field field, std::string_view value) override;
  void on_member(Field field, std::string_view name, std::string_view value) override;

  const ObjectKey& object_key() const { return key_; }
  const std::string& uid() const { return uid_; }
  const std::string& resource_version() const { return resource_version_; }
  bool being_deleted() const { return being_deleted_; }

  // Readers of values; a problem is noted and nothing returned where the text is none.
  std::optional<base::IpAddress> read_address(std::string_view text);
  // The same, and it must be fit to be held by this host or sent to: not unspecified, loopback or
  // multicast, nor, where `link_local` does not allow it, link-local.
  std::optional<base::IpAddress> read_unicast(std::string_view text, bool link_local);
  std::optional<base::Protocol> read_protocol(std::string_view text);
  // From `low` to 65535.
  std::optional<base::Port> read_port(std::int64_t value, int low);

 private:
  // Why the object cannot be used, so far as metadata tells; empty if it can.
  std::string metadata_defect() const;
  DecodedObject finish(const base::Status& parsed, std::string_view defect);

  std::string_view kind_;
  bool namespaced_;

  ObjectKey key_;
  std::string uid_;
  std::string resource_version_;
  std::string found_kind_;
  std::string event_type_;
  bool being_deleted_ = false;
  bool initial_events_end_ = false;
};

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_OBJECT_READER_H_
