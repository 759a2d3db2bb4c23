#ifndef IPVS_AGENT_BASE_IP_ADDRESS_H_
#define IPVS_AGENT_BASE_IP_ADDRESS_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace base {

enum class Family : std::uint8_t { kIpv4 = 4, kIpv6 = 6 };

// "IPv4" or "IPv6", as Kubernetes and the metric labels spell it.
std::string_view to_string(Family family);

// AF_INET or AF_INET6.
int address_family(Family family);

// One IPv4 or IPv6 address, without scope or port. IPv4-mapped IPv6 text (::ffff:1.2.3.4) becomes
// the IPv4 address, as kube-proxy reads it. Ordered by family, then by bytes.
class IpAddress {
 public:
  // 0.0.0.0.
  constexpr IpAddress() = default;

  // Strict dotted-decimal (no leading zeros, no missing parts) or RFC 4291 text, as inet_pton.
  static Result<IpAddress> parse(std::string_view text);
  // 4 or 16 bytes in network order; anything else is a programming error (asserted).
  static IpAddress from_bytes(std::span<const std::uint8_t> bytes);

  constexpr Family family() const { return family_; }
  bool is_ipv4() const { return family_ == Family::kIpv4; }
  bool is_unspecified() const;
  bool is_loopback() const;    // 127.0.0.0/8 or ::1
  bool is_link_local() const;  // 169.254.0.0/16 or fe80::/10
  bool is_multicast() const;   // 224.0.0.0/4 or ff00::/8
  // 32 or 128.
  int bits() const { return is_ipv4() ? 32 : 128; }
  // 4 or 16 bytes in network order.
  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), is_ipv4() ? 4u : 16u}; }

  // The shortest standard text (RFC 5952): "10.0.0.1", "fd00::1".
  std::string to_string() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  Family family_ = Family::kIpv4;
  std::array<std::uint8_t, 16> bytes_{};  // network order; an IPv4 address has 12 zero bytes behind
};

// An address and how many leading bits of it matter: "10.0.0.0/8".
class IpPrefix {
 public:
  constexpr IpPrefix() = default;
  // Bits behind the length are kept in address(), so that host bits can be reported.
  IpPrefix(IpAddress address, int length) : address_(address), length_(length) {}
  // The prefix of just this address: /32 or /128.
  explicit IpPrefix(IpAddress address) : IpPrefix(address, address.bits()) {}

  // "ADDRESS/LENGTH"; a missing length is an error, as in Kubernetes' CIDR fields. The length of
  // IPv4-mapped text counts in its 128 bits: ::ffff:10.0.0.0/104 is 10.0.0.0/8.
  static Result<IpPrefix> parse(std::string_view text);

  const IpAddress& address() const { return address_; }
  int length() const { return length_; }
  Family family() const { return address_.family(); }
  bool contains(const IpAddress& address) const;
  bool has_host_bits() const;
  // The same prefix with the bits behind the length cleared.
  IpPrefix masked() const;
  std::string to_string() const;

  friend auto operator<=>(const IpPrefix&, const IpPrefix&) = default;

 private:
  IpAddress address_;
  int length_ = 0;
};

}  // namespace base

template <>
struct std::hash<base::IpAddress> {
  std::size_t operator()(const base::IpAddress& address) const noexcept;
};

#endif  // IPVS_AGENT_BASE_IP_ADDRESS_H_
