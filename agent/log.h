#ifndef IPVS_AGENT_AGENT_LOG_H_
#define IPVS_AGENT_AGENT_LOG_H_

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace agent {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

// "debug", "info", "warning", "error".
std::string_view to_string(LogLevel level);

// One named value of a log line: {"service", "default/web"}, {"operations", 7}.
class LogField {
 public:
  LogField(std::string_view key, std::string text) : key_(key), text_(std::move(text)) {}
  LogField(std::string_view key, std::string_view text) : key_(key), text_(text) {}
  LogField(std::string_view key, const char* text) : key_(key), text_(text) {}
  // A truth or a number, which JSON writes without quotes.
  LogField(std::string_view key, bool value)
      : key_(key), text_(value ? "true" : "false"), bare_(true) {}
  template <std::integral Number>
  LogField(std::string_view key, Number value)
      : key_(key), text_(std::to_string(value)), bare_(true) {}

  std::string_view key() const { return key_; }
  const std::string& text() const { return text_; }
  bool bare() const { return bare_; }

 private:
  std::string_view key_;  // a literal
  std::string text_;
  bool bare_ = false;
};

// Where the agent tells what it does: one line an event. An event is a short constant sentence
// ("virtual server added"); what varies is in the fields.
//
// Threading: any thread.
class Log {
 public:
  virtual ~Log() = default;

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::kDebug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::kInfo, event, fields);
  }
  void warning(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::kWarning, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::kError, event, fields);
  }

  // From 4 on, debug lines are written too.
  virtual void set_verbosity(std::int64_t /*verbosity*/) {}
  // Whether lines of this level are written: to save the work of making costly fields.
  virtual bool writes(LogLevel level) const = 0;
  virtual void write(LogLevel level, std::string_view event, std::span<const LogField> fields) = 0;

  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    write(level, event, std::span(fields.begin(), fields.size()));
  }
};

// "virtual server added service=default/web operations=7": values with blanks, quotes, '=' or
// control characters are in double quotes, as a shell or a key=value parser reads them back.
std::string text_line(std::string_view event, std::span<const LogField> fields);

// "\"msg\":\"virtual server added\",\"service\":\"default/web\"": the members of a JSON object,
// without its braces.
std::string json_members(std::string_view event, std::span<const LogField> fields);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_LOG_H_
