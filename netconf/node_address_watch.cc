#include "netconf/node_address_watch.h"

#include <linux/rtnetlink.h>
#include <net/if.h>

#include <utility>

#include "netconf/netlink_route_messages.h"

namespace netconf {

NodeAddressWatch::NodeAddressWatch(NetlinkSocket socket, std::string service_device)
    : socket_(std::move(socket)), service_device_(std::move(service_device)) {}

base::Result<NodeAddressWatch> NodeAddressWatch::open(std::string service_device) {
  base::Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return socket.status();
  for (int group : {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR}) {
    if (base::Status status = socket->join(group); !status) return status;
  }
  NodeAddressWatch watch(std::move(*socket), std::move(service_device));
  // A device that comes later announces itself.
  watch.service_index_ = static_cast<int>(if_nametoindex(watch.service_device_.c_str()));
  return watch;
}

bool NodeAddressWatch::matters(nlmsghdr* message) {
  if (std::optional<Link> link = parse_link(message)) {
    if (link->name != service_device_) return false;
    service_index_ = link->index;
    return message->nlmsg_type == RTM_DELLINK;
  }
  std::optional<LinkAddress> address = parse_address(message);
  if (!address || address->link == service_index_) return false;
  return address->address.is_ipv4() || !address->address.is_link_local();
}

bool NodeAddressWatch::changed() {
  bool changed = false;
  base::Status status =
      socket_.receive_waiting([&](nlmsghdr* message) { changed = matters(message) || changed; });
  return changed || !status.ok();
}

}  // namespace netconf
