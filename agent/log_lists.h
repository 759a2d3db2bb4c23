#ifndef IPVS_AGENT_AGENT_LOG_LISTS_H_
#define IPVS_AGENT_AGENT_LOG_LISTS_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

// How log lines show lists and times.
namespace agent {

// More names than these are counted in a line, not shown.
inline constexpr std::size_t kMostServices = 5;

template <typename Unit>
std::int64_t count_of(base::Duration duration) {
  return std::chrono::duration_cast<Unit>(duration).count();
}

// The first `most` of `parts`, and how many of `total` are not shown.
inline std::string joined(const std::vector<std::string>& parts, std::string_view separator,
                          std::size_t most, std::size_t total) {
  std::string text;
  std::size_t shown = std::min(parts.size(), most);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += separator;
    text += parts[i];
  }
  if (total > shown) text += " (+" + std::to_string(total - shown) + " more)";
  return text;
}

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_LOG_LISTS_H_
