#include "agent/listen_address.h"

#include <charconv>
#include <optional>

namespace agent {
namespace {

std::optional<base::Port> parse_port(std::string_view digits) {
  base::Port port = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return port;
}

}  // namespace

std::string to_string(const ListenAddress& where) {
  std::string host = where.address.to_string();
  if (!where.address.is_ipv4()) host = "[" + host + "]";
  return host + ":" + std::to_string(where.port);
}

base::Result<ListenAddress> parse_listen_address(std::string_view text, base::Port default_port) {
  base::Status failure(base::Code::kInvalidArgument,
                       "\"" + std::string(text.substr(0, 64)) + "\" is not an ADDRESS:PORT");
  std::string_view host = text;
  std::optional<base::Port> port = default_port;
  if (text.starts_with('[')) {
    std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return failure;
    host = text.substr(1, bracket - 1);
    std::string_view rest = text.substr(bracket + 1);
    if (!rest.empty() && !rest.starts_with(':')) return failure;
    if (!rest.empty()) port = parse_port(rest.substr(1));
  } else if (std::size_t colon = text.find(':');
             colon != std::string_view::npos && colon == text.rfind(':')) {
    host = text.substr(0, colon);
    port = parse_port(text.substr(colon + 1));
  }
  base::Result<base::IpAddress> address = base::IpAddress::parse(host);
  if (!address || !port) return failure;
  // Brackets are for IPv6 only.
  if (text.starts_with('[') && address->is_ipv4()) return failure;
  return ListenAddress{*address, *port};
}

}  // namespace agent
