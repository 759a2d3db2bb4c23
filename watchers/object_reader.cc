#include "watchers/object_reader.h"

#include <algorithm>
#include <utility>

#include "watchers/legacy_address.h"
#include "watchers/quote.h"
#include "watchers/status_reader.h"

namespace watchers {
namespace {

constexpr std::string_view kInitialEventsEnd = "k8s.io/initial-events-end";
constexpr std::size_t kMaxName = 253;  // of a DNS name, the longest that the API allows

// Whether it can be a name of any object: the API's rules for the resources read here are narrower.
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.' || c == '_' || c == ':';
         });
}

WatchEvent::Type event_type(std::string_view text) {
  if (text == "ADDED") return WatchEvent::Type::kAdded;
  if (text == "MODIFIED") return WatchEvent::Type::kModified;
  if (text == "DELETED") return WatchEvent::Type::kDeleted;
  if (text == "BOOKMARK") return WatchEvent::Type::kBookmark;
  if (text == "ERROR") return WatchEvent::Type::kError;
  return WatchEvent::Type::kUnknown;
}

}  // namespace

const std::initializer_list<FieldStep> kMetaSteps = {
    {kRootField, "kind", kKind, FieldShape::kString},
    {kRootField, "metadata", kMetadata, FieldShape::kObject},
    {kMetadata, "name", kName, FieldShape::kString},
    {kMetadata, "namespace", kNamespace, FieldShape::kString},
    {kMetadata, "uid", kUid, FieldShape::kString},
    {kMetadata, "resourceVersion", kResourceVersion, FieldShape::kString},
    {kMetadata, "deletionTimestamp", kDeletionTimestamp, FieldShape::kString},
    {kMetadata, "labels", kLabels, FieldShape::kStringMap},
    {kMetadata, "annotations", kAnnotations, FieldShape::kStringMap},
    {kEvent, "type", kEventType, FieldShape::kString},
    {kEvent, "object", kRootField, FieldShape::kObject},
};

DecodedObject ObjectReader::read_object(std::string_view json, std::string_view defect) {
  key_ = {};
  uid_.clear();
  resource_version_.clear();
  found_kind_.clear();
  being_deleted_ = false;
  clear();
  return finish(read(json, kRootField), defect);
}

WatchEvent ObjectReader::read_event(std::string_view json, std::string_view defect) {
  key_ = {};
  uid_.clear();
  resource_version_.clear();
  found_kind_.clear();
  event_type_.clear();
  being_deleted_ = false;
  initial_events_end_ = false;
  clear();
  base::Status parsed = read(json, kEvent);

  WatchEvent event;
  event.type = event_type(event_type_);
  event.type_text = printable(event_type_, 64);
  switch (event.type) {
    case WatchEvent::Type::kAdded:
    case WatchEvent::Type::kModified: event.object = finish(parsed, defect); break;
    case WatchEvent::Type::kDeleted:
      // Whatever else is wrong with it: who is gone can be seen.
      event.object = {key_, resource_version_, Deleted{}};
      if (std::string why = metadata_defect(); !why.empty()) event.object.news = Rejected{why};
      break;
    case WatchEvent::Type::kBookmark:
      event.object = {{}, resource_version_, Deleted{}};
      event.initial_events_end = initial_events_end_;
      break;
    case WatchEvent::Type::kError: event.status = read_error_event(json); break;
    case WatchEvent::Type::kUnknown:
      event.object = {key_, resource_version_, {}};
      event.object.news =
          Rejected{parsed.ok() ? "type: found " + quote(event_type_) +
                                     ", allowed: ADDED, MODIFIED, DELETED, BOOKMARK, ERROR"
                               : parsed.message()};
      break;
  }
  return event;
}

DecodedObject ObjectReader::finish(const base::Status& parsed, std::string_view defect) {
  DecodedObject object{key_, resource_version_, Rejected{}};
  std::string why(defect);
  if (why.empty() && !parsed.ok()) why = parsed.message();
  if (why.empty()) why = metadata_defect();
  object.news = why.empty() ? build() : Rejected{std::move(why)};
  return object;
}

std::string ObjectReader::metadata_defect() const {
  if (!found_kind_.empty() && found_kind_ != kind_) {
    return "kind: found " + quote(found_kind_) + ", allowed: " + std::string(kind_);
  }
  if (!is_name(key_.name)) {
    return "metadata.name: found " + quote(key_.name) + ", allowed: a DNS name";
  }
  if (namespaced_ ? !is_name(key_.space) : !key_.space.empty()) {
    return "metadata.namespace: found " + quote(key_.space) +
           ", allowed: " + (namespaced_ ? "a DNS name" : "none");
  }
  return {};
}

void ObjectReader::on_string(Field field, std::string_view value) {
  switch (field) {
    case kKind: found_kind_ = value; break;
    case kName: key_.name = value; break;
    case kNamespace: key_.space = value; break;
    case kUid: uid_ = value; break;
    case kResourceVersion: resource_version_ = value; break;
    case kDeletionTimestamp: being_deleted_ = !value.empty(); break;
    case kEventType: event_type_ = value; break;
    default: break;
  }
}

void ObjectReader::on_member(Field field, std::string_view name, std::string_view value) {
  if (field == kAnnotations && name == kInitialEventsEnd) initial_events_end_ = value == "true";
}

std::optional<base::IpAddress> ObjectReader::read_address(std::string_view text) {
  base::Result<base::IpAddress> address = parse_legacy_address(text);
  if (address.ok()) return *address;
  problem(quote(text), "an IPv4 or IPv6 address");
  return std::nullopt;
}

std::optional<base::IpAddress> ObjectReader::read_unicast(std::string_view text, bool link_local) {
  std::optional<base::IpAddress> address = read_address(text);
  if (!address) return std::nullopt;
  if (address->is_unspecified() || address->is_loopback() || address->is_multicast() ||
      (!link_local && address->is_link_local())) {
    problem(quote(text), link_local ? "an address that is not unspecified, loopback or multicast"
                                    : "an address that is not unspecified, loopback, link-local or "
                                      "multicast");
    return std::nullopt;
  }
  return address;
}

std::optional<base::Protocol> ObjectReader::read_protocol(std::string_view text) {
  std::optional<base::Protocol> protocol = base::parse_protocol(text);
  if (!protocol) problem(quote(text), "TCP, UDP, SCTP");
  return protocol;
}

std::optional<base::Port> ObjectReader::read_port(std::int64_t value, int low) {
  if (value >= low && value <= 65535) return static_cast<base::Port>(value);
  problem(std::to_string(value), std::to_string(low) + "-65535");
  return std::nullopt;
}

}  // namespace watchers
