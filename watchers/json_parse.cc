#include "watchers/json_parse.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "watchers/quote.h"

namespace watchers {
namespace {

using Json = nlohmann::json;

// Hands nlohmann's SAX calls on and remembers where they ended.
class Adapter {
 public:
  explicit Adapter(JsonEvents& events) : events_(events) {}

  bool null() { return events_.null(), true; }
  bool boolean(bool value) { return events_.boolean(value), true; }
  bool number_integer(Json::number_integer_t value) { return events_.integer(value), true; }
  bool number_unsigned(Json::number_unsigned_t value) {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      events_.other_number(std::to_string(value));
    } else {
      events_.integer(static_cast<std::int64_t>(value));
    }
    return true;
  }
  bool number_float(Json::number_float_t, const Json::string_t& text) {
    return events_.other_number(text), true;
  }
  bool string(const Json::string_t& value) { return events_.string(value), true; }
  bool binary(const Json::binary_t&) { return true; }  // JSON text has no such thing
  bool start_object(std::size_t) { return events_.begin_object(), true; }
  bool key(const Json::string_t& name) { return events_.key(name), true; }
  bool end_object() { return events_.end_object(), true; }
  bool start_array(std::size_t) { return events_.begin_array(), true; }
  bool end_array() { return events_.end_array(), true; }
  bool parse_error(std::size_t position, const std::string&, const Json::exception& error) {
    std::string_view what = error.what();
    std::size_t reason = what.find(" - ");  // behind exception number, line and column
    if (reason != std::string_view::npos) what.remove_prefix(reason + 3);
    failure_ =
        base::Status(base::Code::kCorrupt, "malformed JSON at byte " + std::to_string(position) +
                                               ": " + printable(what, 120));
    return false;
  }

  const base::Status& failure() const { return failure_; }

 private:
  JsonEvents& events_;
  base::Status failure_;
};

}  // namespace

base::Status parse_json(std::string_view text, JsonEvents& events) {
  Adapter adapter(events);
  try {
    if (Json::sax_parse(text.data(), text.data() + text.size(), &adapter)) return {};
  } catch (const Json::exception& error) {
    return base::Status(base::Code::kCorrupt,
                        std::string("malformed JSON: ") + printable(error.what(), 120));
  }
  return adapter.failure();
}

}  // namespace watchers
