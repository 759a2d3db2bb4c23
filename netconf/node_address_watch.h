#ifndef IPVS_AGENT_NETCONF_NODE_ADDRESS_WATCH_H_
#define IPVS_AGENT_NETCONF_NODE_ADDRESS_WATCH_H_

#include <string>

#include "base/result.h"
#include "netconf/netlink_socket.h"

struct nlmsghdr;

namespace netconf {

// Tells when the host's addresses have changed, except those of the service device (our own
// operations would come back as an echo) and IPv6 link-local ones (each new pod's veth gets one,
// and no Service is reached through it). That the service device itself was deleted is told too.
//
// Threading: one owner.
// Kernel notes: rtnetlink(7) groups RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR. Lost
// notifications (ENOBUFS) count as a change.
class NodeAddressWatch {
 public:
  // Watches the network namespace the calling thread is in now.
  static base::Result<NodeAddressWatch> open(std::string service_device);

  // Readable when there is something to take; for poll().
  int fd() const { return socket_.fd(); }
  // Takes everything that has arrived, without waiting: true when the node's addresses have to be
  // read again.
  bool changed();

 private:
  NodeAddressWatch(NetlinkSocket socket, std::string service_device);

  bool matters(nlmsghdr* message);

  NetlinkSocket socket_;
  std::string service_device_;
  int service_index_ = 0;
};

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_NODE_ADDRESS_WATCH_H_
