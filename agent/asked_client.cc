#include "agent/asked_client.h"

#include "agent/listen_address.h"

namespace agent {

base::Result<std::optional<ipvs::Client>> parse_client(const std::string& text) {
  if (text.empty()) return std::optional<ipvs::Client>();
  if (auto address = base::IpAddress::parse(text); address.ok()) {
    return std::optional(ipvs::Client{.address = *address});
  }
  auto both = parse_listen_address(text, 0);
  if (!both.ok() || both->port == 0) {
    return base::Status(base::Code::kInvalidArgument,
                        "client: found \"" + text + "\", allowed: IP, IP:PORT or [IPv6]:PORT");
  }
  return std::optional(ipvs::Client{.address = both->address, .port = both->port});
}

}  // namespace agent
