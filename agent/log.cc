#include "agent/log.h"

#include <algorithm>

#include "agent/yaml_tree.h"

namespace agent {
namespace {

bool needs_quotes(std::string_view text) {
  return text.empty() || std::ranges::any_of(text, [](char c) {
           return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\' ||
                  c == '\x7f';
         });
}

}  // namespace

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kError: return "error";
  }
  return "unknown";
}

std::string text_line(std::string_view event, std::span<const LogField> fields) {
  std::string line(event);
  // What is not ours to choose must not be able to begin a line of its own.
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  for (const LogField& field : fields) {
    line += ' ';
    line += field.key();
    line += '=';
    line += needs_quotes(field.text()) ? quoted(field.text()) : field.text();
  }
  return line;
}

std::string json_members(std::string_view event, std::span<const LogField> fields) {
  std::string line = "\"msg\":" + quoted(event);
  for (const LogField& field : fields) {
    line += ',' + quoted(field.key()) + ':';
    line += field.bare() ? field.text() : quoted(field.text());
  }
  return line;
}

}  // namespace agent
