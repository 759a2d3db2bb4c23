#include "ipvs/text_values.h"

#include <charconv>
#include <string>

namespace ipvs {

using base::Code;
using base::IpAddress;
using base::Result;
using base::Status;

Status refused(std::string_view word, std::string_view expected) {
  return Status(Code::kInvalidArgument,
                "\"" + std::string(word) + "\": expected " + std::string(expected));
}

Result<std::uint32_t> parse_number(std::string_view word, std::uint32_t limit) {
  std::uint32_t number = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (word.empty() || error != std::errc() || end != word.data() + word.size() || number > limit) {
    return refused(word, "a number from 0 to " + std::to_string(limit));
  }
  return number;
}

Result<RealServerKey> parse_endpoint(std::string_view word) {
  std::string_view host = word;
  std::string_view port = "0";
  std::size_t end = word.starts_with('[') ? word.find(']') : std::string_view::npos;
  std::size_t colon = word.find(':', end == std::string_view::npos ? 0 : end);
  if (colon != std::string_view::npos) {
    host = word.substr(0, colon);
    port = word.substr(colon + 1);
  }
  if (end != std::string_view::npos) {
    if (host.size() != end + 1) return refused(word, "[ADDRESS]:PORT");
    host = host.substr(1, end - 1);
  }
  Result<IpAddress> address = IpAddress::parse(host);
  if (!address) return refused(word, "ADDRESS:PORT or [IPV6-ADDRESS]:PORT");
  Result<std::uint32_t> number = parse_number(port, UINT16_MAX);
  if (!number) return refused(word, "a port from 0 to 65535");
  return RealServerKey{*address, static_cast<base::Port>(*number)};
}

Result<std::uint8_t> parse_persistence_mask(std::string_view word, base::Family family) {
  if (family == base::Family::kIpv6) {
    Result<std::uint32_t> length = parse_number(word, 128);
    if (!length || *length == 0) return refused(word, "a prefix length from 1 to 128");
    return static_cast<std::uint8_t>(*length);
  }
  Result<IpAddress> mask = IpAddress::parse(word);
  if (!mask || !mask->is_ipv4()) return refused(word, "an IPv4 netmask");
  int length = 0;
  bool ended = false;
  for (std::uint8_t byte : mask->bytes()) {
    for (int bit = 7; bit >= 0; --bit) {
      bool set = ((byte >> bit) & 1) != 0;
      if (set && ended) return refused(word, "a netmask whose ones come first");
      ended = ended || !set;
      length += set ? 1 : 0;
    }
  }
  return static_cast<std::uint8_t>(length);
}

}  // namespace ipvs
