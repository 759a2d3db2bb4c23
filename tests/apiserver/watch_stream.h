#ifndef IPVS_AGENT_TESTS_APISERVER_WATCH_STREAM_H_
#define IPVS_AGENT_TESTS_APISERVER_WATCH_STREAM_H_

#include <string>

#include "base/clock.h"
#include "tests/apiserver/connection.h"
#include "tests/apiserver/faults.h"
#include "tests/apiserver/object_store.h"
#include "tests/apiserver/selector.h"

namespace apiserver {

// Which objects a list or watch is about.
struct ObjectFilter {
  const ResourceType* type = nullptr;
  std::string space;  // "": all namespaces
  std::string name;   // "": all names
  Selector labels;
  Selector fields;

  bool matches(const StoredObject& object) const;
};

struct WatchQuery {
  ObjectFilter filter;
  Version after = 0;  // send the changes after this version
  bool existing_first =
      false;  // before them, what exists as ADDED, from a snapshot newer than `after`
  bool mark_end_of_existing = false;  // with the bookmark that says where that ends
  bool bookmarks = false;
  base::Duration bookmark_interval{};
  base::Duration timeout{};  // after which the stream ends properly
};

// One watch: the body of an answer, an event a line and a chunk, until the client goes, the time is
// over, or a fault ends it.
//
// Threading: serve() runs in the connection's thread.
class WatchStream {
 public:
  WatchStream(const WatchQuery& query, ObjectStore& store, Faults& faults, Connection& connection);
  ~WatchStream();
  WatchStream(const WatchStream&) = delete;
  WatchStream& operator=(const WatchStream&) = delete;

  // True when the body ended properly and the connection can serve another request.
  bool serve();

 private:
  enum class Next { kGoOn, kEndProperly, kBreakOff };

  Next send_existing();
  Next send_changes();
  Next obey_orders();
  Next send_event(const char* type, const std::string& object_text);
  Next send_bookmark(bool end_of_existing);

  const WatchQuery& query_;
  ObjectStore& store_;
  Faults& faults_;
  Connection& connection_;
  Faults::OpenWatch open_watch_;
  Version cursor_;
  bool truncate_next_ = false;
  bool cut_short_next_ = false;
};

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_WATCH_STREAM_H_
