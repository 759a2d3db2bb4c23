#include "base/protocol.h"

namespace base {

std::string_view to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTcp: return "TCP";
    case Protocol::kUdp: return "UDP";
    case Protocol::kSctp: return "SCTP";
  }
  return "unknown";
}

std::string_view to_lower(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTcp: return "tcp";
    case Protocol::kUdp: return "udp";
    case Protocol::kSctp: return "sctp";
  }
  return "unknown";
}

std::optional<Protocol> parse_protocol(std::string_view text) {
  for (Protocol protocol : {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp}) {
    if (text == to_string(protocol) || text == to_lower(protocol)) return protocol;
  }
  return std::nullopt;
}

}  // namespace base
