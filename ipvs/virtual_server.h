#ifndef IPVS_AGENT_IPVS_VIRTUAL_SERVER_H_
#define IPVS_AGENT_IPVS_VIRTUAL_SERVER_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/ip_address.h"
#include "base/protocol.h"

namespace ipvs {

// What tells one virtual server from another: family, protocol, address and port; or, where
// firewall_mark is not 0, family and mark alone (protocol, address bytes and port are then ignored
// by the kernel; keep them at kTcp, 0.0.0.0 or ::, and 0 so that equal keys compare equal).
struct VirtualServerKey {
  base::IpAddress address;
  base::Port port = 0;
  base::Protocol protocol = base::Protocol::kTcp;
  std::uint32_t firewall_mark = 0;

  base::Family family() const { return address.family(); }
  friend auto operator<=>(const VirtualServerKey&, const VirtualServerKey&) = default;
};

// "TCP 10.96.0.1:80", "UDP [fd00::1]:53", "FWM 7 IPv4": for logs and errors.
std::string to_string(const VirtualServerKey& key);

// Flag bits of a virtual server (IP_VS_SVC_F_* of linux/ip_vs.h). HASHED, which the kernel sets by
// itself, never appears in our values.
inline constexpr std::uint32_t kFlagPersistent = 0x01;
inline constexpr std::uint32_t kFlagOnePacket = 0x04;
inline constexpr std::uint32_t kFlagScheduler1 = 0x08;  // sh-fallback, mh-fallback
inline constexpr std::uint32_t kFlagScheduler2 = 0x10;  // sh-port, mh-port
inline constexpr std::uint32_t kFlagScheduler3 = 0x20;

// One IPVS virtual server, without its real servers.
struct VirtualServer {
  VirtualServerKey key;
  std::string scheduler = "rr";  // a kernel scheduler's name, see schedulers.h
  std::uint32_t flags = 0;       // kFlag* bits
  std::uint32_t timeout_s = 0;   // persistence time-out in seconds; 0 unless kFlagPersistent
  // Leading bits of the client's address that persistence looks at: 1-32 or 1-128.
  std::uint8_t persistence_prefix = 32;
  std::string persistence_engine;  // "" or "sip"

  friend auto operator<=>(const VirtualServer&, const VirtualServer&) = default;
};

}  // namespace ipvs

template <>
struct std::hash<ipvs::VirtualServerKey> {
  std::size_t operator()(const ipvs::VirtualServerKey& key) const noexcept;
};

#endif  // IPVS_AGENT_IPVS_VIRTUAL_SERVER_H_
