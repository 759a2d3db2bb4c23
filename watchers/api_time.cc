#include "watchers/api_time.h"

#include <charconv>
#include <chrono>

namespace watchers {
namespace {

// Reads the text from left to right; ok() turns false at the first thing that does not fit.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  // A number of exactly `digits` digits, between the limits.
  int number(std::size_t digits, int low, int high) {
    int value = 0;
    std::string_view part = rest_.substr(0, digits);
    for (char c : part) {
      if (c < '0' || c > '9') ok_ = false;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(part.size());
    if (part.size() != digits || value < low || value > high) ok_ = false;
    return value;
  }
  void expect(char wanted) { ok_ = take(wanted) && ok_; }
  bool take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // One to nine digits as a fraction of a second.
  std::chrono::nanoseconds fraction() {
    std::int64_t value = 0;
    int digits = 0;
    for (; digits < 9 && !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; ++digits) {
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    if (digits == 0) ok_ = false;
    for (; digits < 9; ++digits) value *= 10;
    return std::chrono::nanoseconds(value);
  }
  bool at_end() const { return rest_.empty(); }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

std::optional<base::WallTime> parse_api_time(std::string_view text) {
  Cursor in(text);
  std::chrono::year year(in.number(4, 1970, 2200));
  in.expect('-');
  std::chrono::month month(static_cast<unsigned>(in.number(2, 1, 12)));
  in.expect('-');
  std::chrono::day day(static_cast<unsigned>(in.number(2, 1, 31)));
  in.expect('T');
  std::chrono::nanoseconds time = std::chrono::hours(in.number(2, 0, 23));
  in.expect(':');
  time += std::chrono::minutes(in.number(2, 0, 59));
  in.expect(':');
  time += std::chrono::seconds(in.number(2, 0, 60));
  if (in.take('.')) time += in.fraction();
  if (!in.take('Z')) {
    bool east = in.take('+');
    if (!east) in.expect('-');
    std::chrono::nanoseconds offset = std::chrono::hours(in.number(2, 0, 23));
    in.expect(':');
    offset += std::chrono::minutes(in.number(2, 0, 59));
    time += east ? -offset : offset;
  }
  std::chrono::year_month_day date(year, month, day);
  if (!in.ok() || !in.at_end() || !date.ok()) return std::nullopt;
  return base::WallTime(std::chrono::sys_days(date).time_since_epoch() + time);
}

}  // namespace watchers
