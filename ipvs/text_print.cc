#include <algorithm>
#include <charconv>
#include <cstring>

#include "ipvs/schedulers.h"
#include "ipvs/text.h"

namespace ipvs {
namespace {

void put(std::string& out, std::uint64_t number) {
  char digits[20];
  auto [end, error] = std::to_chars(digits, digits + sizeof(digits), number);
  out.append(digits, end);
}

void put_endpoint(std::string& out, const base::IpAddress& address, base::Port port) {
  if (!address.is_ipv4()) out += '[';
  out += address.to_string();
  if (!address.is_ipv4()) out += ']';
  out += ':';
  put(out, port);
}

// "-t 10.96.0.1:80", "-f 7 -6"
void put_key(std::string& out, const VirtualServerKey& key) {
  if (key.firewall_mark != 0) {
    out += "-f ";
    put(out, key.firewall_mark);
    if (key.family() == base::Family::kIpv6) out += " -6";
    return;
  }
  switch (key.protocol) {
    case base::Protocol::kTcp: out += "-t "; break;
    case base::Protocol::kUdp: out += "-u "; break;
    case base::Protocol::kSctp: out += "--sctp-service "; break;
  }
  put_endpoint(out, key.address, key.port);
}

// The netmask of a prefix length as ipvsadm's -M takes it for IPv4.
void put_netmask(std::string& out, int length) {
  std::uint32_t mask = length == 0 ? 0 : ~std::uint32_t{0} << (32 - length);
  for (int shift = 24; shift >= 0; shift -= 8) {
    put(out, (mask >> shift) & 0xff);
    if (shift > 0) out += '.';
  }
}

void put_virtual_server(std::string& out, const VirtualServer& server) {
  put_key(out, server.key);
  out += " -s ";
  out += server.scheduler;
  bool ipv4 = server.key.family() == base::Family::kIpv4;
  if ((server.flags & kFlagPersistent) != 0) {
    out += " -p ";
    put(out, server.timeout_s);
    if (ipv4 && server.persistence_prefix < 32) {
      out += " -M ";
      put_netmask(out, server.persistence_prefix);
    } else if (!ipv4 && server.persistence_prefix < 128) {
      out += " -M ";
      put(out, server.persistence_prefix);
    }
  }
  if (!server.persistence_engine.empty()) {
    out += " --pe ";
    out += server.persistence_engine;
  }
  if ((server.flags & kFlagOnePacket) != 0) out += " -o";
  std::string flags = scheduler_flags_text(server.scheduler, server.flags);
  if (!flags.empty()) {
    out += " -b ";
    out += flags;
  }
}

void put_tunnel(std::string& out, const RealServer& server) {
  constexpr std::uint16_t kChecksum = 0x1;        // IP_VS_TUNNEL_ENCAP_FLAG_CSUM
  constexpr std::uint16_t kRemoteChecksum = 0x2;  // IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM
  switch (server.tunnel_type) {
    case TunnelType::kIpip: out += " --tun-type ipip"; return;
    case TunnelType::kGue:
      out += " --tun-type gue --tun-port ";
      put(out, server.tunnel_port);
      break;
    case TunnelType::kGre: out += " --tun-type gre"; break;
  }
  if ((server.tunnel_flags & kChecksum) != 0) {
    out += " --tun-csum";
  } else if ((server.tunnel_flags & kRemoteChecksum) != 0) {
    out += " --tun-remcsum";
  } else {
    out += " --tun-nocsum";
  }
}

void put_real_server(std::string& out, const RealServer& server) {
  out += " -r ";
  put_endpoint(out, server.key.address, server.key.port);
  switch (server.forwarding) {
    case ForwardingMethod::kMasquerade: out += " -m"; break;
    case ForwardingMethod::kTunnel: out += " -i"; break;
    case ForwardingMethod::kLocal:
    case ForwardingMethod::kBypass:
    case ForwardingMethod::kRoute: out += " -g"; break;
  }
  out += " -w ";
  put(out, server.weight);
  if (server.upper_threshold != 0) {
    out += " -x ";
    put(out, server.upper_threshold);
  }
  if (server.lower_threshold != 0) {
    out += " -y ";
    put(out, server.lower_threshold);
  }
  if (server.forwarding == ForwardingMethod::kTunnel) put_tunnel(out, server);
}

struct OpPrinter {
  std::string& out;

  void operator()(const AddVirtualServer& op) const {
    out += "-A ";
    put_virtual_server(out, op.server);
  }
  void operator()(const EditVirtualServer& op) const {
    out += "-E ";
    put_virtual_server(out, op.server);
  }
  void operator()(const DeleteVirtualServer& op) const {
    out += "-D ";
    put_key(out, op.key);
  }
  void operator()(const AddRealServer& op) const {
    out += "-a ";
    put_key(out, op.virtual_server);
    put_real_server(out, op.server);
  }
  void operator()(const EditRealServer& op) const {
    out += "-e ";
    put_key(out, op.virtual_server);
    put_real_server(out, op.server);
  }
  void operator()(const DeleteRealServer& op) const {
    out += "-d ";
    put_key(out, op.virtual_server);
    out += " -r ";
    put_endpoint(out, op.server.address, op.server.port);
  }
  void operator()(const SetTimeouts& op) const {
    out += "--set ";
    put(out, op.timeouts.tcp_s);
    out += ' ';
    put(out, op.timeouts.tcp_fin_s);
    out += ' ';
    put(out, op.timeouts.udp_s);
  }
};

}  // namespace

std::string to_text(const IpvsOp& op) {
  std::string out;
  std::visit(OpPrinter{out}, op);
  return out;
}

std::string to_text(const IpvsState& state) {
  std::string out;
  for (const VirtualServerState& virtual_server : state.virtual_servers) {
    out += "-A ";
    put_virtual_server(out, virtual_server.server);
    out += '\n';
    for (const RealServerState& real_server : virtual_server.real_servers) {
      out += "-a ";
      put_key(out, virtual_server.server.key);
      put_real_server(out, real_server.server);
      out += '\n';
    }
  }
  return out;
}

}  // namespace ipvs
