#ifndef IPVS_AGENT_WATCHERS_OBJECT_EVENT_H_
#define IPVS_AGENT_WATCHERS_OBJECT_EVENT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/mailbox.h"
#include "watchers/objects.h"

namespace watchers {

// The resources that are watched. Endpoints objects of old clusters come as kEndpointSlice.
enum class Kind : std::uint8_t { kService, kEndpointSlice, kNode };

std::string_view to_string(Kind kind);  // "Service", "EndpointSlice", "Node"

// The object is gone.
struct Deleted {};
// The object has come in a form that cannot be used; what was known of it before still holds.
struct Rejected {
  std::string reason;
};
// Every object that existed when the source was first read has been delivered. Its object key is
// empty. Sent again after each later complete list.
struct Synced {};

// What a source says of one object. Objects are immutable and shared from here on.
using ObjectNews =
    std::variant<std::shared_ptr<const Service>, std::shared_ptr<const EndpointSlice>,
                 std::shared_ptr<const Node>, Deleted, Rejected, Synced>;

struct EventKey {
  Kind kind = Kind::kService;
  ObjectKey object;

  friend bool operator==(const EventKey&, const EventKey&) = default;
};

struct ObjectEvent {
  ObjectNews news;
  // When the first of the events that were folded into this one arrived.
  base::TimePoint received;
};

// What the watcher threads have for the agent's loop. News of one object replaces older news that
// still waits; but a Rejected does not displace a good object or a deletion that still waits.
using EventMailbox = base::Mailbox<EventKey, ObjectEvent>;

// Leaves an event in the mailbox, folded as said above.
void deliver(EventMailbox& mailbox, const EventKey& key, ObjectEvent event);

}  // namespace watchers

template <>
struct std::hash<watchers::EventKey> {
  std::size_t operator()(const watchers::EventKey& key) const noexcept;
};

#endif  // IPVS_AGENT_WATCHERS_OBJECT_EVENT_H_
