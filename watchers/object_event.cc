#include "watchers/object_event.h"

#include <algorithm>
#include <utility>

namespace watchers {
namespace {

ObjectEvent fold(ObjectEvent waiting, ObjectEvent newer) {
  newer.received = std::min(waiting.received, newer.received);
  if (!std::holds_alternative<Rejected>(newer.news)) return newer;
  if (std::holds_alternative<Rejected>(waiting.news)) return newer;
  return waiting;
}

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::kService: return "Service";
    case Kind::kEndpointSlice: return "EndpointSlice";
    case Kind::kNode: return "Node";
  }
  return "?";
}

void deliver(EventMailbox& mailbox, const EventKey& key, ObjectEvent event) {
  mailbox.put(key, std::move(event), fold);
}

}  // namespace watchers

std::size_t std::hash<watchers::EventKey>::operator()(
    const watchers::EventKey& key) const noexcept {
  return std::hash<watchers::ObjectKey>()(key.object) * 31U + static_cast<std::size_t>(key.kind);
}
