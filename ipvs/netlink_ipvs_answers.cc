#include "ipvs/netlink_ipvs_answers.h"

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace ipvs {
namespace {

// The largest number among the attributes of the messages read here. One size for all of them: g++
// 12 merges the functions of several sizes and then warns of the smallest array.
constexpr int kMostAttributes =
    std::max({int{IPVS_CMD_ATTR_MAX}, int{IPVS_SVC_ATTR_MAX}, int{IPVS_DEST_ATTR_MAX},
              int{IPVS_STATS_ATTR_MAX}, int{CTRL_ATTR_MAX}});

struct Attributes {
  std::array<nlattr*, kMostAttributes + 1> at{};

  bool parse(nlattr* nest) {
    return nest != nullptr && nla_parse_nested(at.data(), kMostAttributes, nest, nullptr) == 0;
  }
  bool has(int attribute, int bytes) const {
    return at[attribute] != nullptr && nla_len(at[attribute]) >= bytes;
  }
  // 0 where the attribute is missing.
  std::uint16_t u16(int attribute) const {
    return has(attribute, 2) ? nla_get_u16(at[attribute]) : std::uint16_t{0};
  }
  std::uint32_t u32(int attribute) const {
    return has(attribute, 4) ? nla_get_u32(at[attribute]) : 0;
  }
  std::string text(int attribute) const {
    if (!has(attribute, 1)) return "";
    const char* data = static_cast<const char*>(nla_data(at[attribute]));
    return std::string(data, strnlen(data, nla_len(at[attribute])));
  }
};

// False when the message is none of the generic netlink kind.
bool parse_message(nlmsghdr* answer, Attributes& attributes) {
  return genlmsg_parse(answer, 0, attributes.at.data(), kMostAttributes, nullptr) == 0;
}

base::IpAddress address_of(nlattr* attribute, base::Family family) {
  std::array<std::uint8_t, 16> bytes{};
  if (attribute != nullptr) {
    std::memcpy(bytes.data(), nla_data(attribute), std::min(nla_len(attribute), 16));
  }
  return base::IpAddress::from_bytes(
      std::span(bytes).first(family == base::Family::kIpv4 ? 4 : 16));
}

base::Family family_of(std::uint16_t number) {
  return number == AF_INET6 ? base::Family::kIpv6 : base::Family::kIpv4;
}

// The 64-bit counters, or the 32-bit ones of kernels before 4.1.
TrafficCounters traffic_of(nlattr* wide, nlattr* narrow) {
  Attributes stats;
  if (!stats.parse(wide != nullptr ? wide : narrow)) return {};
  auto count = [&](int attribute) -> std::uint64_t {
    if (stats.has(attribute, 8)) return nla_get_u64(stats.at[attribute]);
    return stats.u32(attribute);
  };
  return {count(IPVS_STATS_ATTR_CONNS), count(IPVS_STATS_ATTR_INPKTS),
          count(IPVS_STATS_ATTR_OUTPKTS), count(IPVS_STATS_ATTR_INBYTES),
          count(IPVS_STATS_ATTR_OUTBYTES)};
}

// Leading ones; a mask with holes, which ipvsadm cannot make, loses what is behind the first hole.
std::uint8_t prefix_of(std::uint32_t netmask, base::Family family) {
  if (family == base::Family::kIpv6) return static_cast<std::uint8_t>(netmask);
  return static_cast<std::uint8_t>(std::countl_one(ntohl(netmask)));
}

}  // namespace

std::optional<VirtualServerState> parse_virtual_server(nlmsghdr* answer) {
  Attributes message;
  Attributes service;
  if (!parse_message(answer, message) || !service.parse(message.at[IPVS_CMD_ATTR_SERVICE]) ||
      !service.has(IPVS_SVC_ATTR_AF, 2)) {
    return std::nullopt;
  }
  VirtualServerState state;
  VirtualServerKey& key = state.server.key;
  base::Family family = family_of(service.u16(IPVS_SVC_ATTR_AF));
  key.firewall_mark = service.u32(IPVS_SVC_ATTR_FWMARK);
  key.address =
      address_of(key.firewall_mark == 0 ? service.at[IPVS_SVC_ATTR_ADDR] : nullptr, family);
  if (key.firewall_mark == 0) {
    key.port = ntohs(service.u16(IPVS_SVC_ATTR_PORT));
    key.protocol = static_cast<base::Protocol>(service.u16(IPVS_SVC_ATTR_PROTOCOL));
  }
  state.server.scheduler = service.text(IPVS_SVC_ATTR_SCHED_NAME);
  state.server.persistence_engine = service.text(IPVS_SVC_ATTR_PE_NAME);
  if (service.has(IPVS_SVC_ATTR_FLAGS, sizeof(ip_vs_flags))) {
    ip_vs_flags flags;
    std::memcpy(&flags, nla_data(service.at[IPVS_SVC_ATTR_FLAGS]), sizeof(flags));
    state.server.flags = flags.flags & ~std::uint32_t{IP_VS_SVC_F_HASHED};
  }
  state.server.timeout_s = service.u32(IPVS_SVC_ATTR_TIMEOUT);
  state.server.persistence_prefix = prefix_of(service.u32(IPVS_SVC_ATTR_NETMASK), family);
  state.traffic = traffic_of(service.at[IPVS_SVC_ATTR_STATS64], service.at[IPVS_SVC_ATTR_STATS]);
  return state;
}

std::optional<RealServerState> parse_real_server(nlmsghdr* answer, base::Family family) {
  Attributes message;
  Attributes dest;
  if (!parse_message(answer, message) || !dest.parse(message.at[IPVS_CMD_ATTR_DEST]) ||
      !dest.has(IPVS_DEST_ATTR_ADDR, 4)) {
    return std::nullopt;
  }
  if (dest.has(IPVS_DEST_ATTR_ADDR_FAMILY, 2)) {
    family = family_of(dest.u16(IPVS_DEST_ATTR_ADDR_FAMILY));
  }
  RealServerState state;
  RealServer& server = state.server;
  server.key.address = address_of(dest.at[IPVS_DEST_ATTR_ADDR], family);
  server.key.port = ntohs(dest.u16(IPVS_DEST_ATTR_PORT));
  server.forwarding =
      static_cast<ForwardingMethod>(dest.u32(IPVS_DEST_ATTR_FWD_METHOD) & IP_VS_CONN_F_FWD_MASK);
  if (dest.has(IPVS_DEST_ATTR_TUN_TYPE, 1)) {
    server.tunnel_type = static_cast<TunnelType>(nla_get_u8(dest.at[IPVS_DEST_ATTR_TUN_TYPE]));
  }
  server.tunnel_port = ntohs(dest.u16(IPVS_DEST_ATTR_TUN_PORT));
  server.tunnel_flags = dest.u16(IPVS_DEST_ATTR_TUN_FLAGS);
  server.weight = dest.u32(IPVS_DEST_ATTR_WEIGHT);
  server.upper_threshold = dest.u32(IPVS_DEST_ATTR_U_THRESH);
  server.lower_threshold = dest.u32(IPVS_DEST_ATTR_L_THRESH);
  state.active_connections = dest.u32(IPVS_DEST_ATTR_ACTIVE_CONNS);
  state.inactive_connections = dest.u32(IPVS_DEST_ATTR_INACT_CONNS);
  state.persistent_connections = dest.u32(IPVS_DEST_ATTR_PERSIST_CONNS);
  state.traffic = traffic_of(dest.at[IPVS_DEST_ATTR_STATS64], dest.at[IPVS_DEST_ATTR_STATS]);
  return state;
}

std::optional<Timeouts> parse_timeouts(nlmsghdr* answer) {
  Attributes message;
  if (!parse_message(answer, message)) return std::nullopt;
  return Timeouts{message.u32(IPVS_CMD_ATTR_TIMEOUT_TCP),
                  message.u32(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN),
                  message.u32(IPVS_CMD_ATTR_TIMEOUT_UDP)};
}

std::optional<int> parse_family(nlmsghdr* answer) {
  Attributes message;
  if (!parse_message(answer, message) || !message.has(CTRL_ATTR_FAMILY_ID, 2)) return std::nullopt;
  return message.u16(CTRL_ATTR_FAMILY_ID);
}

}  // namespace ipvs
