#include "agent/recent_log.h"

#include <algorithm>
#include <iterator>

namespace agent {
namespace {

// As much of the text as fits in what is left.
std::string within(std::string_view text, std::size_t& left) {
  if (text.size() <= left) {
    left -= text.size();
    return std::string(text);
  }
  std::size_t end = left;
  left = 0;
  // Not in the middle of a character of UTF-8.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return std::string(text.substr(0, end)) + "...";
}

}  // namespace

void RecentLog::write(LogLevel level, std::string_view event, std::span<const LogField> fields) {
  log_.write(level, event, fields);
  if (most_ == 0 || level == LogLevel::kDebug) return;
  auto line = std::make_shared<LogLine>();
  std::size_t left = kMostBytes;
  line->time = clock_.wall_now();
  line->level = level;
  line->event = within(event, left);
  for (const LogField& field : fields) {
    if (left == 0) break;
    std::string key = within(field.key(), left);
    line->fields.emplace_back(std::move(key), within(field.text(), left));
  }
  std::lock_guard lock(mutex_);
  if (lines_.size() == most_) lines_.pop_front();
  lines_.push_back(std::move(line));
}

std::vector<std::shared_ptr<const LogLine>> RecentLog::newest(std::size_t most) const {
  std::lock_guard lock(mutex_);
  const auto count = static_cast<std::ptrdiff_t>(std::min(most, lines_.size()));
  return {lines_.rbegin(), std::next(lines_.rbegin(), count)};
}

}  // namespace agent
