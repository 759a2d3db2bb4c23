#include "tests/apiserver/watch_stream.h"

#include <algorithm>
#include <chrono>

#include "tests/apiserver/http.h"
#include "tests/apiserver/status_body.h"

namespace apiserver {
namespace {

using Clock = std::chrono::steady_clock;

// A bookmark's object: nothing but the version, in the shape of its kind.
std::string bookmark_text(const ResourceType& type, Version version, bool end_of_existing) {
  std::string text = "{\"kind\":\"" + type.kind + "\",\"apiVersion\":\"" + type.api_version() +
                     "\",\"metadata\":{\"resourceVersion\":\"" + std::to_string(version) +
                     "\",\"creationTimestamp\":null";
  if (end_of_existing) text += ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}";
  text += "}";
  if (type.kind == "Service") text += ",\"spec\":{},\"status\":{\"loadBalancer\":{}}";
  if (type.kind == "Node") text += ",\"spec\":{},\"status\":{}";
  if (type.kind == "EndpointSlice")
    text += ",\"addressType\":\"\",\"endpoints\":null,\"ports\":null";
  return text + "}";
}

}  // namespace

bool ObjectFilter::matches(const StoredObject& object) const {
  return (space.empty() || object.space == space) && (name.empty() || object.name == name) &&
         labels.matches(object.labels) && fields.matches(object.fields);
}

WatchStream::WatchStream(const WatchQuery& query, ObjectStore& store, Faults& faults,
                         Connection& connection)
    : query_(query),
      store_(store),
      faults_(faults),
      connection_(connection),
      open_watch_(faults, query.filter.type->plural, connection),
      cursor_(query.after) {
  store_.subscribe(connection_.wake());
}

WatchStream::~WatchStream() { store_.unsubscribe(connection_.wake()); }

bool WatchStream::serve() {
  if (!begin_chunks(connection_, {})) return false;
  auto deadline = Clock::now() + query_.timeout;
  auto bookmark_due = Clock::now() + query_.bookmark_interval;
  bool last_bookmark_sent = !query_.bookmarks;
  bool existing_sent = !query_.existing_first;
  for (;;) {
    Next next = obey_orders();
    bool silent = open_watch_.silent();
    if (next == Next::kGoOn && !silent && !existing_sent) {
      next = send_existing();
      existing_sent = true;
    }
    if (next == Next::kGoOn && !silent) next = send_changes();
    auto now = Clock::now();
    // One bookmark each interval and one shortly before the end, as the real server sends them.
    bool near_end = !last_bookmark_sent && deadline - now < std::chrono::seconds(2);
    if (next == Next::kGoOn && !silent && query_.bookmarks && (now >= bookmark_due || near_end)) {
      last_bookmark_sent = last_bookmark_sent || near_end;
      bookmark_due = now + query_.bookmark_interval;
      next = send_bookmark(false);
    }
    if (next == Next::kGoOn && now >= deadline && !silent) next = Next::kEndProperly;
    if (next == Next::kEndProperly) return end_chunks(connection_);
    if (next == Next::kBreakOff) return false;

    auto wake_at = std::min(deadline, query_.bookmarks ? bookmark_due : deadline);
    if (!last_bookmark_sent) wake_at = std::min(wake_at, deadline - std::chrono::seconds(2));
    base::Duration pause = silent ? std::chrono::seconds(3600) : wake_at - now;
    if (!connection_.wait(std::max(pause, base::Duration{}))) return false;
  }
}

WatchStream::Next WatchStream::send_existing() {
  Snapshot snapshot = store_.list(*query_.filter.type);
  for (const ObjectPtr& object : snapshot.objects) {
    if (!query_.filter.matches(*object)) continue;
    Next next = send_event("ADDED", object->text());
    if (next != Next::kGoOn) return next;
  }
  cursor_ = std::max(cursor_, snapshot.version);
  return query_.mark_end_of_existing ? send_bookmark(true) : Next::kGoOn;
}

WatchStream::Next WatchStream::send_changes() {
  for (;;) {
    Version reached = cursor_;
    auto events = store_.events_after(*query_.filter.type, cursor_, reached);
    if (!events) {
      send_event("ERROR", expired_status(events.status().message()));
      return Next::kEndProperly;
    }
    for (const StoreEvent& event : *events) {
      // An object that comes into the selection is added to it, one that leaves it is deleted.
      bool was = event.previous != nullptr && query_.filter.matches(*event.previous);
      bool is = event.type != StoreEvent::Type::kDeleted && query_.filter.matches(*event.object);
      if (!was && !is) continue;
      const char* type = !is ? "DELETED" : was ? "MODIFIED" : "ADDED";
      int copies = faults_.duplicate_events ? 2 : 1;
      for (int i = 0; i < copies; ++i) {
        Next next = send_event(type, event.object->text());
        if (next != Next::kGoOn) return next;
      }
    }
    cursor_ = reached;
    if (events->empty()) return Next::kGoOn;
  }
}

WatchStream::Next WatchStream::obey_orders() {
  for (const WatchOrder& order : open_watch_.take_orders()) {
    switch (order.kind) {
      case WatchOrder::Kind::kEnd: return Next::kEndProperly;
      case WatchOrder::Kind::kReset:
        connection_.abort(Connection::Abort::kReset);
        return Next::kBreakOff;
      case WatchOrder::Kind::kSend:
        if (!write_chunk(connection_, order.text + "\n")) return Next::kBreakOff;
        break;
      case WatchOrder::Kind::kTruncateNext: truncate_next_ = true; break;
      case WatchOrder::Kind::kCutShort: cut_short_next_ = true; break;
    }
  }
  return Next::kGoOn;
}

WatchStream::Next WatchStream::send_event(const char* type, const std::string& object_text) {
  // Looked at here again: an order given before a change was made must hold for its event.
  if (Next next = obey_orders(); next != Next::kGoOn) return next;
  std::string line = "{\"type\":\"";
  line += type;
  line += "\",\"object\":" + object_text + "}\n";
  if (truncate_next_ || cut_short_next_) {
    bool sent = write_chunk(connection_, std::string_view(line).substr(0, line.size() / 2));
    if (cut_short_next_ && sent) return Next::kEndProperly;
    connection_.abort(Connection::Abort::kClose);
    return Next::kBreakOff;
  }
  return write_chunk(connection_, line) ? Next::kGoOn : Next::kBreakOff;
}

WatchStream::Next WatchStream::send_bookmark(bool end_of_existing) {
  if (faults_.drop_bookmarks && !end_of_existing) return Next::kGoOn;
  return send_event("BOOKMARK", bookmark_text(*query_.filter.type, cursor_, end_of_existing));
}

}  // namespace apiserver
