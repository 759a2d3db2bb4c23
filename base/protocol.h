#ifndef IPVS_AGENT_BASE_PROTOCOL_H_
#define IPVS_AGENT_BASE_PROTOCOL_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace base {

// A transport port in host byte order, 1-65535; 0 means "any" where a kernel interface allows it.
using Port = std::uint16_t;

// The transport protocols a Service can have, with their IANA numbers.
enum class Protocol : std::uint8_t { kTcp = 6, kUdp = 17, kSctp = 132 };

// "TCP", "UDP" or "SCTP", as the Kubernetes API spells it.
std::string_view to_string(Protocol protocol);
// "tcp", "udp" or "sctp", as ipset and iptables spell it.
std::string_view to_lower(Protocol protocol);
// From either spelling.
std::optional<Protocol> parse_protocol(std::string_view text);

}  // namespace base

#endif  // IPVS_AGENT_BASE_PROTOCOL_H_
