#include "tests/fakes/random_ipvs.h"

#include <array>
#include <map>

#include "ipvs/schedulers.h"

namespace fakes {

using base::Family;
using base::IpAddress;
using base::Protocol;

IpAddress RandomIpvs::address(Family family) {
  std::array<std::uint8_t, 16> bytes{};
  if (family == Family::kIpv4) {
    bytes = {10, static_cast<std::uint8_t>(below(2)), 0, static_cast<std::uint8_t>(1 + below(40))};
    return IpAddress::from_bytes(std::span(bytes).first(4));
  }
  bytes[0] = 0xfd;
  bytes[7] = static_cast<std::uint8_t>(below(2));
  bytes[15] = static_cast<std::uint8_t>(1 + below(40));
  return IpAddress::from_bytes(bytes);
}

ipvs::VirtualServerKey RandomIpvs::key() {
  Family family = chance(3) ? Family::kIpv6 : Family::kIpv4;
  ipvs::VirtualServerKey key;
  if (chance(8)) {
    if (family == Family::kIpv6)
      key.address = IpAddress::from_bytes(std::array<std::uint8_t, 16>{});
    key.firewall_mark = 1 + below(50);
    return key;
  }
  constexpr std::array<Protocol, 3> kProtocols = {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp};
  key.address = address(family);
  key.port = static_cast<base::Port>(80 + below(10));
  key.protocol = kProtocols[below(3)];
  return key;
}

ipvs::VirtualServer RandomIpvs::virtual_server() {
  ipvs::VirtualServer server;
  server.key = key();
  bool ipv6 = server.key.family() == Family::kIpv6;
  server.persistence_prefix = ipv6 ? 128 : 32;
  do {
    server.scheduler = ipvs::schedulers()[below(14)].name;
  } while (server.scheduler == "twos");  // not in every distribution's kernel
  if (chance(3)) {
    server.flags |= ipvs::kFlagPersistent;
    server.timeout_s = 1 + below(100000);
    if (chance(2))
      server.persistence_prefix = static_cast<std::uint8_t>(1 + below(ipv6 ? 128 : 32));
  }
  if (chance(4)) server.flags |= ipvs::kFlagScheduler1;
  if (chance(4)) server.flags |= ipvs::kFlagScheduler2;
  bool udp = server.key.protocol == Protocol::kUdp;
  if (udp && chance(4)) server.flags |= ipvs::kFlagOnePacket;
  if (udp && (server.flags & ipvs::kFlagPersistent) != 0 && chance(2)) {
    server.persistence_engine = "sip";
  }
  return server;
}

ipvs::RealServer RandomIpvs::real_server(Family family) {
  ipvs::RealServer server;
  server.key.address = address(family);
  server.key.port = static_cast<base::Port>(8080 + below(4));
  constexpr std::array<ipvs::ForwardingMethod, 3> kMethods = {ipvs::ForwardingMethod::kMasquerade,
                                                              ipvs::ForwardingMethod::kTunnel,
                                                              ipvs::ForwardingMethod::kRoute};
  server.forwarding = kMethods[below(3)];
  if (server.forwarding == ipvs::ForwardingMethod::kTunnel) {
    server.tunnel_type = static_cast<ipvs::TunnelType>(below(3));
    if (server.tunnel_type == ipvs::TunnelType::kGue) {
      server.tunnel_port = static_cast<base::Port>(1 + below(65535));
      server.tunnel_flags = static_cast<std::uint16_t>(below(3));
    } else if (server.tunnel_type == ipvs::TunnelType::kGre) {
      server.tunnel_flags = static_cast<std::uint16_t>(below(2));
    }
  }
  server.weight = chance(5) ? 0 : below(1000);
  if (chance(4)) {
    server.upper_threshold = 1 + below(65535);
    server.lower_threshold = below(server.upper_threshold + 1);
  }
  return server;
}

ipvs::IpvsOp RandomIpvs::operation() {
  ipvs::VirtualServerKey of = key();
  switch (below(7)) {
    case 0: return ipvs::AddVirtualServer{virtual_server()};
    case 1: return ipvs::EditVirtualServer{virtual_server()};
    case 2: return ipvs::DeleteVirtualServer{of};
    case 3: return ipvs::AddRealServer{of, real_server(of.family())};
    case 4: return ipvs::EditRealServer{of, real_server(of.family())};
    case 5: return ipvs::DeleteRealServer{of, real_server(of.family()).key};
    default: return ipvs::SetTimeouts{{below(1000), below(1000), below(1000)}};
  }
}

ipvs::IpvsState RandomIpvs::state(int virtual_servers) {
  std::map<ipvs::VirtualServerKey, ipvs::VirtualServerState> table;
  for (int i = 0; i < virtual_servers; ++i) {
    ipvs::VirtualServerState one{virtual_server(), {}, {}};
    std::map<ipvs::RealServerKey, ipvs::RealServerState> real_servers;
    for (std::uint32_t n = below(6); n > 0; --n) {
      ipvs::RealServerState real;
      real.server = real_server(one.server.key.family());
      real_servers.emplace(real.server.key, real);
    }
    for (const auto& [real_key, real] : real_servers) one.real_servers.push_back(real);
    table.emplace(one.server.key, std::move(one));
  }
  ipvs::IpvsState state;
  for (auto& [key, one] : table) state.virtual_servers.push_back(std::move(one));
  return state;
}

}  // namespace fakes
