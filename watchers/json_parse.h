#ifndef IPVS_AGENT_WATCHERS_JSON_PARSE_H_
#define IPVS_AGENT_WATCHERS_JSON_PARSE_H_

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace watchers {

// What a JSON text says, token by token, in order. Views are valid during the call only.
class JsonEvents {
 public:
  virtual ~JsonEvents() = default;
  virtual void begin_object() = 0;
  virtual void end_object() = 0;
  virtual void begin_array() = 0;
  virtual void end_array() = 0;
  // The name of the member whose value comes next.
  virtual void key(std::string_view name) = 0;
  virtual void string(std::string_view value) = 0;
  virtual void integer(std::int64_t value) = 0;
  // A number that is no 64-bit integer, as it is written.
  virtual void other_number(std::string_view text) = 0;
  virtual void boolean(bool value) = 0;
  virtual void null() = 0;
};

// Reads one JSON value with nlohmann/json's SAX interface; no document tree is built, and the depth
// of the value does not use the call stack.
// Errors: kCorrupt, with the byte where the text stops to be JSON in UTF-8; events that came before
// it were right. A number beyond the range of a double counts as malformed.
base::Status parse_json(std::string_view text, JsonEvents& events);

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_JSON_PARSE_H_
