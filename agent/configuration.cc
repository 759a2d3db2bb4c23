#include "agent/configuration.h"

#include <array>

namespace agent {

ListenAddress default_healthz_address(base::Family family) {
  constexpr std::array<std::uint8_t, 16> kUnspecified{};
  std::size_t length = family == base::Family::kIpv4 ? 4 : 16;
  return {base::IpAddress::from_bytes(std::span(kUnspecified).first(length)), 10256};
}

ListenAddress default_metrics_address(base::Family family) {
  constexpr std::array<std::uint8_t, 4> kIpv4 = {127, 0, 0, 1};
  constexpr std::array<std::uint8_t, 16> kIpv6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  if (family == base::Family::kIpv4) return {base::IpAddress::from_bytes(kIpv4), 10249};
  return {base::IpAddress::from_bytes(kIpv6), 10249};
}

}  // namespace agent
