#include "agent/go_duration.h"

#include <array>
#include <cstdint>
#include <limits>
#include <utility>

namespace agent {
namespace {

constexpr std::array<std::pair<std::string_view, std::int64_t>, 8> kUnits = {{
    // Two-letter units stand before the letters they begin with.
    {"ns", 1},
    {"us", 1'000},
    {"\xc2\xb5s", 1'000},
    {"\xce\xbcs", 1'000},
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"m", 60'000'000'000},
    {"h", 3'600'000'000'000},
}};

// Takes the unit off the front of `text`; 0 when none stands there.
std::int64_t take_unit(std::string_view& text) {
  for (const auto& [name, nanoseconds] : kUnits) {
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    return nanoseconds;
  }
  return 0;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// `value` in units of `scale` (a power of ten) of it: "1.5", "2".
std::string with_fraction(std::int64_t value, std::int64_t scale) {
  std::string text = std::to_string(value / scale);
  std::int64_t rest = value % scale;
  if (rest == 0) return text;
  text += '.';
  for (std::int64_t place = scale / 10; rest != 0; place /= 10) {
    text += static_cast<char>('0' + rest / place);
    rest %= place;
  }
  return text;
}

}  // namespace

std::string to_go_duration(base::Duration duration) {
  std::int64_t left = duration.count();
  if (left == 0) return "0s";
  std::string text;
  if (left < 0) {
    if (left == std::numeric_limits<std::int64_t>::min()) return "-2562047h47m16.854775808s";
    text = "-";
    left = -left;
  }
  if (left < 1'000) return text + std::to_string(left) + "ns";
  if (left < 1'000'000) return text + with_fraction(left, 1'000) + "us";
  if (left < 1'000'000'000) return text + with_fraction(left, 1'000'000) + "ms";
  std::int64_t hours = left / 3'600'000'000'000;
  std::int64_t minutes = left / 60'000'000'000 % 60;
  if (hours > 0) text += std::to_string(hours) + "h";
  if (hours > 0 || minutes > 0) text += std::to_string(minutes) + "m";
  return text + with_fraction(left % 60'000'000'000, 1'000'000'000) + "s";
}

base::Result<base::Duration> parse_go_duration(std::string_view text) {
  base::Status failure(base::Code::kInvalidArgument,
                       "\"" + std::string(text.substr(0, 64)) + "\" is not a duration");
  std::string_view left = text;
  bool negative = left.starts_with('-');
  if (negative || left.starts_with('+')) left.remove_prefix(1);
  if (left == "0") return base::Duration(0);
  if (left.empty()) return failure;
  // Wide enough that one number times one unit and the sum of a few of them cannot overflow.
  __extension__ using Wide = __int128;
  constexpr Wide kLargest = std::numeric_limits<std::int64_t>::max();
  Wide total = 0;
  while (!left.empty()) {
    Wide whole = 0;
    Wide fraction = 0;
    Wide scale = 1;
    bool digits = false;
    for (; !left.empty() && is_digit(left.front()); left.remove_prefix(1)) {
      digits = true;
      whole = whole * 10 + (left.front() - '0');
      if (whole > kLargest) return failure;
    }
    if (left.starts_with('.')) {
      left.remove_prefix(1);
      for (; !left.empty() && is_digit(left.front()); left.remove_prefix(1)) {
        digits = true;
        if (scale > 1'000'000'000'000'000) continue;  // far below a nanosecond of any unit
        fraction = fraction * 10 + (left.front() - '0');
        scale *= 10;
      }
    }
    std::int64_t unit = digits ? take_unit(left) : 0;
    if (unit == 0) return failure;
    total += whole * unit + fraction * unit / scale;
    if (total > kLargest) return failure;
  }
  auto count = static_cast<std::int64_t>(total);
  return base::Duration(negative ? -count : count);
}

}  // namespace agent
