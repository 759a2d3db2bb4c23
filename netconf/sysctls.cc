#include "netconf/sysctls.h"

#include <charconv>
#include <cstdint>
#include <optional>

namespace netconf {
namespace {

std::optional<std::uint64_t> number(const std::string& text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

}  // namespace

bool is_right(const Sysctl& wanted, const std::string& present) {
  if (present == wanted.value) return true;
  if (!wanted.at_least) return false;
  std::optional<std::uint64_t> least = number(wanted.value);
  std::optional<std::uint64_t> found = number(present);
  return least && found && *found >= *least;
}

}  // namespace netconf
