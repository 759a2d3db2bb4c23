#include "netconf/netlink_route_messages.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <array>
#include <cassert>
#include <cstring>
#include <span>

namespace netconf {
namespace {

constexpr std::uint32_t kForEver = 0xffffffff;

// The blank message has room for several times the longest request.
void must_fit([[maybe_unused]] bool fits) { assert(fits); }

template <typename Header>
bool start(nl_msg* message, int type, int flags, const Header& header) {
  nlmsghdr* put = nlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, type, sizeof(header), flags);
  if (put == nullptr) return false;
  std::memcpy(nlmsg_data(put), &header, sizeof(header));
  return true;
}

ifaddrmsg address_header(int link, const base::IpAddress& address) {
  ifaddrmsg header{};
  header.ifa_family = static_cast<std::uint8_t>(base::address_family(address.family()));
  header.ifa_prefixlen = static_cast<std::uint8_t>(address.bits());
  header.ifa_scope = RT_SCOPE_UNIVERSE;
  header.ifa_index = static_cast<std::uint32_t>(link);
  if (!address.is_ipv4()) header.ifa_flags = IFA_F_NODAD;
  return header;
}

bool put_bytes(nl_msg* message, int attribute, const base::IpAddress& address) {
  return nla_put(message, attribute, static_cast<int>(address.bytes().size()),
                 address.bytes().data()) == 0;
}

void put_address(nl_msg* message, int flags, int link, const base::IpAddress& address) {
  must_fit(start(message, RTM_NEWADDR, flags, address_header(link, address)) &&
           put_bytes(message, IFA_LOCAL, address) && put_bytes(message, IFA_ADDRESS, address));
  if (address.is_ipv4()) return;
  // Among the addresses of all devices the kernel prefers as source the one most like the
  // destination, and pods' addresses are often more like a service address than like the node's.
  ifa_cacheinfo deprecated{};
  deprecated.ifa_valid = kForEver;
  must_fit(nla_put(message, IFA_CACHEINFO, sizeof deprecated, &deprecated) == 0);
}

std::string text_of(nlattr* attribute) {
  if (attribute == nullptr) return "";
  const char* data = static_cast<const char*>(nla_data(attribute));
  return std::string(data, strnlen(data, nla_len(attribute)));
}

}  // namespace

void put_create_dummy(nl_msg* message, const std::string& name) {
  bool fits = start(message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{}) &&
              nla_put_string(message, IFLA_IFNAME, name.c_str()) == 0;
  nlattr* nest = fits ? nla_nest_start(message, IFLA_LINKINFO) : nullptr;
  must_fit(nest != nullptr && nla_put_string(message, IFLA_INFO_KIND, "dummy") == 0);
  nla_nest_end(message, nest);
}

void put_delete_link(nl_msg* message, int index) {
  ifinfomsg header{};
  header.ifi_index = index;
  must_fit(start(message, RTM_DELLINK, 0, header));
}

void put_get_link(nl_msg* message, const std::string& name) {
  must_fit(start(message, RTM_GETLINK, 0, ifinfomsg{}) &&
           nla_put_string(message, IFLA_IFNAME, name.c_str()) == 0);
}

void put_get_links(nl_msg* message) { must_fit(start(message, RTM_GETLINK, 0, ifinfomsg{})); }

void put_bind(nl_msg* message, int link, const base::IpAddress& address) {
  put_address(message, NLM_F_CREATE | NLM_F_EXCL, link, address);
}

void put_reserve(nl_msg* message, int link, const base::IpAddress& address) {
  put_address(message, NLM_F_CREATE | NLM_F_REPLACE, link, address);
}

void put_unbind(nl_msg* message, int link, const base::IpAddress& address) {
  // Without IFA_ADDRESS the kernel compares no IPv4 prefix.
  must_fit(start(message, RTM_DELADDR, 0, address_header(link, address)) &&
           put_bytes(message, IFA_LOCAL, address));
}

void put_get_addresses(nl_msg* message) { must_fit(start(message, RTM_GETADDR, 0, ifaddrmsg{})); }

std::optional<Link> parse_link(nlmsghdr* message) {
  if (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK) {
    return std::nullopt;
  }
  std::array<nlattr*, IFLA_MAX + 1> attributes{};
  if (nlmsg_parse(message, sizeof(ifinfomsg), attributes.data(), IFLA_MAX, nullptr) < 0) {
    return std::nullopt;
  }
  Link link;
  link.index = static_cast<const ifinfomsg*>(nlmsg_data(message))->ifi_index;
  link.name = text_of(attributes[IFLA_IFNAME]);
  std::array<nlattr*, IFLA_INFO_MAX + 1> parts{};
  if (attributes[IFLA_LINKINFO] != nullptr &&
      nla_parse_nested(parts.data(), IFLA_INFO_MAX, attributes[IFLA_LINKINFO], nullptr) == 0) {
    link.type = text_of(parts[IFLA_INFO_KIND]);
  }
  return link;
}

std::optional<LinkAddress> parse_address(nlmsghdr* message) {
  if (message->nlmsg_type != RTM_NEWADDR && message->nlmsg_type != RTM_DELADDR) {
    return std::nullopt;
  }
  std::array<nlattr*, IFA_MAX + 1> attributes{};
  if (nlmsg_parse(message, sizeof(ifaddrmsg), attributes.data(), IFA_MAX, nullptr) < 0) {
    return std::nullopt;
  }
  // On a point-to-point link IFA_ADDRESS is the other end; IPv6 has IFA_LOCAL only there.
  nlattr* own = attributes[IFA_LOCAL] != nullptr ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
  if (own == nullptr || (nla_len(own) != 4 && nla_len(own) != 16)) return std::nullopt;
  const auto* header = static_cast<const ifaddrmsg*>(nlmsg_data(message));
  LinkAddress address;
  address.link = static_cast<int>(header->ifa_index);
  address.prefix_length = header->ifa_prefixlen;
  address.deprecated = (header->ifa_flags & IFA_F_DEPRECATED) != 0;
  address.address = base::IpAddress::from_bytes(std::span(
      static_cast<const std::uint8_t*>(nla_data(own)), static_cast<std::size_t>(nla_len(own))));
  return address;
}

}  // namespace netconf
