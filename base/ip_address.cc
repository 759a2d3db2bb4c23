#include "base/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstring>

namespace base {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int kMappedBits = 96;

}  // namespace

std::string_view to_string(Family family) { return family == Family::kIpv4 ? "IPv4" : "IPv6"; }

int address_family(Family family) { return family == Family::kIpv4 ? AF_INET : AF_INET6; }

Result<IpAddress> IpAddress::parse(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN + 1] = {};
  if (text.size() < sizeof(buffer)) {
    std::copy(text.begin(), text.end(), buffer);
    std::array<std::uint8_t, 16> bytes{};
    // A NUL inside the text would end it early for inet_pton.
    bool whole = text.find('\0') == std::string_view::npos;
    if (whole && inet_pton(AF_INET, buffer, bytes.data()) == 1) {
      return from_bytes(std::span(bytes).first(4));
    }
    if (whole && inet_pton(AF_INET6, buffer, bytes.data()) == 1) {
      return from_bytes(bytes);
    }
  }
  return Status(Code::kInvalidArgument,
                "\"" + std::string(text.substr(0, 64)) + "\" is not an IPv4 or IPv6 address");
}

IpAddress IpAddress::from_bytes(std::span<const std::uint8_t> bytes) {
  assert(bytes.size() == 4 || bytes.size() == 16);
  IpAddress address;
  if (bytes.size() == 16) {
    if (std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin())) {
      bytes = bytes.subspan(kMappedPrefix.size());
    } else {
      address.family_ = Family::kIpv6;
    }
  }
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

bool IpAddress::is_unspecified() const {
  return std::all_of(bytes_.begin(), bytes_.end(), [](std::uint8_t b) { return b == 0; });
}

bool IpAddress::is_loopback() const {
  if (is_ipv4()) return bytes_[0] == 127;
  return bytes_[15] == 1 &&
         std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t b) { return b == 0; });
}

bool IpAddress::is_link_local() const {
  if (is_ipv4()) return bytes_[0] == 169 && bytes_[1] == 254;
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

bool IpAddress::is_multicast() const {
  return is_ipv4() ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

std::string IpAddress::to_string() const {
  char buffer[INET6_ADDRSTRLEN];
  inet_ntop(address_family(family_), bytes_.data(), buffer, sizeof(buffer));
  return buffer;
}

Result<IpPrefix> IpPrefix::parse(std::string_view text) {
  std::size_t slash = text.find('/');
  auto failure = [&](std::string_view why) {
    return Status(Code::kInvalidArgument,
                  "\"" + std::string(text.substr(0, 64)) + "\" is not a CIDR: " + std::string(why));
  };
  if (slash == std::string_view::npos) return failure("expected ADDRESS/LENGTH");
  Result<IpAddress> address = IpAddress::parse(text.substr(0, slash));
  if (!address) return failure(address.status().message());
  // IPv4-mapped text counts its length in IPv6 bits: ::ffff:10.0.0.0/104 is 10.0.0.0/8.
  int bits = text.substr(0, slash).find(':') == std::string_view::npos ? 32 : 128;
  std::string_view digits = text.substr(slash + 1);
  int length = -1;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.front() == '-' ||
      length > bits) {
    return failure("the length must be 0 to " + std::to_string(bits));
  }
  if (bits == address->bits()) return IpPrefix(*address, length);
  if (length < kMappedBits) return failure("it holds more than the IPv4-mapped addresses");
  return IpPrefix(*address, length - kMappedBits);
}

bool IpPrefix::contains(const IpAddress& address) const {
  if (address.family() != family()) return false;
  return IpPrefix(address, length_).masked().address() == masked().address();
}

bool IpPrefix::has_host_bits() const { return masked() != *this; }

IpPrefix IpPrefix::masked() const {
  std::array<std::uint8_t, 16> bytes{};
  std::span<const std::uint8_t> source = address_.bytes();
  for (std::size_t i = 0; i < source.size(); ++i) {
    int kept = std::clamp(length_ - static_cast<int>(i) * 8, 0, 8);
    bytes[i] = static_cast<std::uint8_t>(source[i] & (0xff00 >> kept));
  }
  return IpPrefix(IpAddress::from_bytes(std::span(bytes).first(source.size())), length_);
}

std::string IpPrefix::to_string() const {
  return address_.to_string() + "/" + std::to_string(length_);
}

}  // namespace base

std::size_t std::hash<base::IpAddress>::operator()(const base::IpAddress& address) const noexcept {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::span<const std::uint8_t> bytes = address.bytes();
  std::memcpy(&low, bytes.data(), bytes.size() == 4 ? 4 : 8);
  if (bytes.size() == 16) std::memcpy(&high, bytes.data() + 8, 8);
  // The finaliser of splitmix64: neighbouring addresses spread over the whole range.
  std::uint64_t mixed = low ^ (high * 0x9e3779b97f4a7c15ULL) ^ bytes.size();
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
  return mixed ^ (mixed >> 31);
}
