#ifndef IPVS_AGENT_IPVS_REAL_SERVER_H_
#define IPVS_AGENT_IPVS_REAL_SERVER_H_

#include <compare>
#include <cstdint>
#include <string>

#include "base/ip_address.h"
#include "base/protocol.h"

namespace ipvs {

// How packets reach a real server (IP_VS_CONN_F_FWD_MASK values of linux/ip_vs.h).
enum class ForwardingMethod : std::uint8_t {
  kMasquerade = 0,  // NAT; ipvsadm -m
  kLocal = 1,       // chosen by the kernel for its own addresses in DR and TUN; never written by us
  kTunnel = 2,      // IPIP, GUE or GRE; ipvsadm -i
  kRoute = 3,       // direct routing; ipvsadm -g
  kBypass = 4,      // chosen by the kernel
};

// Encapsulation of ForwardingMethod::kTunnel (IP_VS_CONN_F_TUNNEL_TYPE_*).
enum class TunnelType : std::uint8_t { kIpip = 0, kGue = 1, kGre = 2 };

// What tells one real server of a virtual server from another.
struct RealServerKey {
  base::IpAddress address;
  base::Port port = 0;

  friend auto operator<=>(const RealServerKey&, const RealServerKey&) = default;
};

// "10.244.1.5:8080", "[fd00::5]:8080".
std::string to_string(const RealServerKey& key);

// One real server as we want it or as the kernel holds it.
struct RealServer {
  RealServerKey key;
  ForwardingMethod forwarding = ForwardingMethod::kMasquerade;
  TunnelType tunnel_type = TunnelType::kIpip;
  base::Port tunnel_port = 0;         // GUE only
  std::uint16_t tunnel_flags = 0;     // IP_VS_TUNNEL_ENCAP_FLAG_*
  std::uint32_t weight = 1;           // 0: no new connections
  std::uint32_t upper_threshold = 0;  // connections; 0: no limit
  std::uint32_t lower_threshold = 0;

  friend auto operator<=>(const RealServer&, const RealServer&) = default;
};

}  // namespace ipvs

#endif  // IPVS_AGENT_IPVS_REAL_SERVER_H_
