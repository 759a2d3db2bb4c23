#include "ipvs/netlink_ipvs_requests.h"

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include <array>
#include <cassert>
#include <cstring>
#include <string>

namespace ipvs {
namespace {

constexpr std::uint8_t kVersion = IPVS_GENL_VERSION;

bool start(nl_msg* message, int family, std::uint8_t command) {
  return genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, 0, command, kVersion) !=
         nullptr;
}

bool put_address(nl_msg* message, int attribute, const base::IpAddress& address) {
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), address.bytes().data(), address.bytes().size());
  return nla_put(message, attribute, static_cast<int>(bytes.size()), bytes.data()) == 0;
}

bool put_key(nl_msg* message, const VirtualServerKey& key) {
  auto family = static_cast<std::uint16_t>(base::address_family(key.family()));
  if (nla_put_u16(message, IPVS_SVC_ATTR_AF, family) != 0) return false;
  if (key.firewall_mark != 0) {
    return nla_put_u32(message, IPVS_SVC_ATTR_FWMARK, key.firewall_mark) == 0;
  }
  return nla_put_u16(message, IPVS_SVC_ATTR_PROTOCOL, static_cast<std::uint16_t>(key.protocol)) ==
             0 &&
         put_address(message, IPVS_SVC_ATTR_ADDR, key.address) &&
         nla_put_u16(message, IPVS_SVC_ATTR_PORT, htons(key.port)) == 0;
}

bool put_service(nl_msg* message, const VirtualServerKey& key) {
  nlattr* nest = nla_nest_start(message, IPVS_CMD_ATTR_SERVICE);
  if (nest == nullptr || !put_key(message, key)) return false;
  nla_nest_end(message, nest);
  return true;
}

// A netmask in network order for IPv4, a prefix length for IPv6.
std::uint32_t netmask(const VirtualServer& server) {
  std::uint8_t length = server.persistence_prefix;
  if (server.key.family() == base::Family::kIpv6) return length;
  if (length == 0) return 0;
  return htonl(length >= 32 ? ~std::uint32_t{0} : ~std::uint32_t{0} << (32 - length));
}

// A name longer than the kernel takes (IP_VS_SCHEDNAME_MAXLEN) is cut where it is still too long,
// so that it is the kernel that refuses it.
bool put_name(nl_msg* message, int attribute, const std::string& name) {
  return nla_put_string(message, attribute, name.substr(0, 2UL * IP_VS_SCHEDNAME_MAXLEN).c_str()) ==
         0;
}

bool put_service(nl_msg* message, const VirtualServer& server) {
  nlattr* nest = nla_nest_start(message, IPVS_CMD_ATTR_SERVICE);
  ip_vs_flags flags = {.flags = server.flags, .mask = ~std::uint32_t{0}};
  bool fits = nest != nullptr && put_key(message, server.key) &&
              put_name(message, IPVS_SVC_ATTR_SCHED_NAME, server.scheduler) &&
              (server.persistence_engine.empty() ||
               put_name(message, IPVS_SVC_ATTR_PE_NAME, server.persistence_engine)) &&
              nla_put(message, IPVS_SVC_ATTR_FLAGS, sizeof(flags), &flags) == 0 &&
              nla_put_u32(message, IPVS_SVC_ATTR_TIMEOUT, server.timeout_s) == 0 &&
              nla_put_u32(message, IPVS_SVC_ATTR_NETMASK, netmask(server)) == 0;
  if (fits) nla_nest_end(message, nest);
  return fits;
}

bool put_real_key(nl_msg* message, const RealServerKey& key) {
  auto family = static_cast<std::uint16_t>(base::address_family(key.address.family()));
  return nla_put_u16(message, IPVS_DEST_ATTR_ADDR_FAMILY, family) == 0 &&
         put_address(message, IPVS_DEST_ATTR_ADDR, key.address) &&
         nla_put_u16(message, IPVS_DEST_ATTR_PORT, htons(key.port)) == 0;
}

bool put_tunnel(nl_msg* message, const RealServer& server) {
  if (server.forwarding != ForwardingMethod::kTunnel) return true;
  return nla_put_u8(message, IPVS_DEST_ATTR_TUN_TYPE,
                    static_cast<std::uint8_t>(server.tunnel_type)) == 0 &&
         nla_put_u16(message, IPVS_DEST_ATTR_TUN_PORT, htons(server.tunnel_port)) == 0 &&
         nla_put_u16(message, IPVS_DEST_ATTR_TUN_FLAGS, server.tunnel_flags) == 0;
}

bool put_real_server(nl_msg* message, const RealServer& server) {
  nlattr* nest = nla_nest_start(message, IPVS_CMD_ATTR_DEST);
  auto method = static_cast<std::uint32_t>(server.forwarding);
  bool fits = nest != nullptr && put_real_key(message, server.key) &&
              nla_put_u32(message, IPVS_DEST_ATTR_FWD_METHOD, method) == 0 &&
              nla_put_u32(message, IPVS_DEST_ATTR_WEIGHT, server.weight) == 0 &&
              nla_put_u32(message, IPVS_DEST_ATTR_U_THRESH, server.upper_threshold) == 0 &&
              nla_put_u32(message, IPVS_DEST_ATTR_L_THRESH, server.lower_threshold) == 0 &&
              put_tunnel(message, server);
  if (fits) nla_nest_end(message, nest);
  return fits;
}

// The same, copied from `name` where that names `named`, the virtual server that was put last.
bool put_service(nl_msg* message, const VirtualServerKey& key, VirtualServerKey& named,
                 std::vector<std::uint8_t>& name) {
  if (!name.empty() && key == named) {
    return nlmsg_append(message, name.data(), name.size(), NLMSG_ALIGNTO) == 0;
  }
  const auto* begin = static_cast<const std::uint8_t*>(nlmsg_tail(nlmsg_hdr(message)));
  if (!put_service(message, key)) return false;
  named = key;
  name.assign(begin, static_cast<const std::uint8_t*>(nlmsg_tail(nlmsg_hdr(message))));
  return true;
}

struct OpRequest {
  nl_msg* message;
  int family;
  VirtualServerKey& named;
  std::vector<std::uint8_t>& name;

  bool operator()(const AddVirtualServer& op) const {
    return start(message, family, IPVS_CMD_NEW_SERVICE) && put_service(message, op.server);
  }
  bool operator()(const EditVirtualServer& op) const {
    return start(message, family, IPVS_CMD_SET_SERVICE) && put_service(message, op.server);
  }
  bool operator()(const DeleteVirtualServer& op) const {
    return start(message, family, IPVS_CMD_DEL_SERVICE) && put_service(message, op.key);
  }
  bool operator()(const AddRealServer& op) const {
    return start(message, family, IPVS_CMD_NEW_DEST) &&
           put_service(message, op.virtual_server, named, name) &&
           put_real_server(message, op.server);
  }
  bool operator()(const EditRealServer& op) const {
    return start(message, family, IPVS_CMD_SET_DEST) &&
           put_service(message, op.virtual_server, named, name) &&
           put_real_server(message, op.server);
  }
  bool operator()(const DeleteRealServer& op) const {
    if (!start(message, family, IPVS_CMD_DEL_DEST) ||
        !put_service(message, op.virtual_server, named, name)) {
      return false;
    }
    nlattr* nest = nla_nest_start(message, IPVS_CMD_ATTR_DEST);
    if (nest == nullptr || !put_real_key(message, op.server)) return false;
    nla_nest_end(message, nest);
    return true;
  }
  bool operator()(const SetTimeouts& op) const {
    return start(message, family, IPVS_CMD_SET_CONFIG) &&
           nla_put_u32(message, IPVS_CMD_ATTR_TIMEOUT_TCP, op.timeouts.tcp_s) == 0 &&
           nla_put_u32(message, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, op.timeouts.tcp_fin_s) == 0 &&
           nla_put_u32(message, IPVS_CMD_ATTR_TIMEOUT_UDP, op.timeouts.udp_s) == 0;
  }
};

// The blank message has room for several times the longest request.
void must_fit([[maybe_unused]] bool fits) { assert(fits); }

}  // namespace

void IpvsRequestWriter::put(nl_msg* message, int family, const IpvsOp& op) {
  must_fit(std::visit(OpRequest{message, family, named_, name_}, op));
}

void put_get_virtual_servers(nl_msg* message, int family) {
  must_fit(start(message, family, IPVS_CMD_GET_SERVICE));
}

void put_get_virtual_server(nl_msg* message, int family, const VirtualServerKey& key) {
  must_fit(start(message, family, IPVS_CMD_GET_SERVICE) && put_service(message, key));
}

void put_get_real_servers(nl_msg* message, int family, const VirtualServerKey& key) {
  must_fit(start(message, family, IPVS_CMD_GET_DEST) && put_service(message, key));
}

void put_get_timeouts(nl_msg* message, int family) {
  must_fit(start(message, family, IPVS_CMD_GET_CONFIG));
}

void put_get_family(nl_msg* message, const char* name) {
  must_fit(genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, GENL_ID_CTRL, 0, 0, CTRL_CMD_GETFAMILY,
                       1) != nullptr &&
           nla_put_string(message, CTRL_ATTR_FAMILY_NAME, name) == 0);
}

}  // namespace ipvs
