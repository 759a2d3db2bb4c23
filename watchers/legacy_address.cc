#include "watchers/legacy_address.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace watchers {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The IPv4 part of an IPv4-mapped address counts as well: it stands behind the last colon.
std::string without_leading_zeros(std::string_view text) {
  std::size_t begin = text.rfind(':') + 1;  // npos + 1 is 0
  std::size_t end = std::min(text.find('/'), text.size());
  if (text.substr(begin).find('.') == std::string_view::npos) return std::string(text);
  std::string kept(text.substr(0, begin));
  for (std::size_t i = begin; i < text.size(); ++i) {
    bool first_of_part = i == begin || text[i - 1] == '.';
    while (first_of_part && i + 1 < end && text[i] == '0' && is_digit(text[i + 1])) ++i;
    kept += text[i];
  }
  return kept;
}

}  // namespace

base::Result<base::IpAddress> parse_legacy_address(std::string_view text) {
  base::Result<base::IpAddress> address = base::IpAddress::parse(text);
  return address.ok() ? address : base::IpAddress::parse(without_leading_zeros(text));
}

base::Result<base::IpPrefix> parse_legacy_prefix(std::string_view text) {
  base::Result<base::IpPrefix> prefix = base::IpPrefix::parse(text);
  return prefix.ok() ? prefix : base::IpPrefix::parse(without_leading_zeros(text));
}

}  // namespace watchers
