#ifndef IPVS_AGENT_AGENT_LISTEN_ADDRESS_H_
#define IPVS_AGENT_AGENT_LISTEN_ADDRESS_H_

#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "base/protocol.h"
#include "base/result.h"

namespace agent {

// Where a server waits for connections. An unspecified address (0.0.0.0 or ::) means every address
// of both families, as it does in Go's net package and therefore in kube-proxy.
struct ListenAddress {
  base::IpAddress address;
  base::Port port = 0;  // 0 lets the kernel choose

  friend auto operator<=>(const ListenAddress&, const ListenAddress&) = default;
};

// "10.0.0.1:80", "[fd00::1]:80".
std::string to_string(const ListenAddress& where);

// "ADDRESS:PORT", "[IPV6]:PORT", or an address alone, which gets `default_port`.
// Errors: kInvalidArgument for anything else; host names are not resolved.
base::Result<ListenAddress> parse_listen_address(std::string_view text, base::Port default_port);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_LISTEN_ADDRESS_H_
