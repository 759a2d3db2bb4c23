#ifndef IPVS_AGENT_NETCONF_NETLINK_ROUTE_MESSAGES_H_
#define IPVS_AGENT_NETCONF_NETLINK_ROUTE_MESSAGES_H_

#include <optional>
#include <string>

#include "base/ip_address.h"

struct nl_msg;
struct nlmsghdr;

// Links and addresses as rtnetlink messages (rtnetlink(7)). Each put function fills an empty
// message, NetlinkBatch::blank(), which every request fits in.
namespace netconf {

struct Link {
  int index = 0;
  std::string name;
  std::string type;  // IFLA_INFO_KIND: "dummy", "veth", ...; "" for hardware and lo
};

struct LinkAddress {
  int link = 0;  // index
  base::IpAddress address;
  int prefix_length = 0;
  bool deprecated = false;  // IPv6: the kernel takes it as source only towards itself
};

void put_create_dummy(nl_msg* message, const std::string& name);
void put_delete_link(nl_msg* message, int index);
// Answered by one message, or ENODEV.
void put_get_link(nl_msg* message, const std::string& name);
// Every link; to be sent as a dump.
void put_get_links(nl_msg* message);
// /32 or /128, global scope, without duplicate address detection. IPv6: deprecated (RFC 4862), so
// that the kernel takes it as source only towards itself.
void put_bind(nl_msg* message, int link, const base::IpAddress& address);
// The same, where it is bound already.
void put_reserve(nl_msg* message, int link, const base::IpAddress& address);
// An IPv4 address whatever its prefix length, an IPv6 address of /128.
void put_unbind(nl_msg* message, int link, const base::IpAddress& address);
// Every address of every link; to be sent as a dump.
void put_get_addresses(nl_msg* message);

// nullopt for messages of other types.
std::optional<Link> parse_link(nlmsghdr* message);
std::optional<LinkAddress> parse_address(nlmsghdr* message);

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_NETLINK_ROUTE_MESSAGES_H_
