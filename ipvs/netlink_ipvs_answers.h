#ifndef IPVS_AGENT_IPVS_NETLINK_IPVS_ANSWERS_H_
#define IPVS_AGENT_IPVS_NETLINK_IPVS_ANSWERS_H_

#include <optional>

#include "ipvs/ipvs_table.h"

struct nlmsghdr;

// Generic netlink answers of the kernel's IPVS as values (linux/ip_vs.h). Attributes a newer kernel
// may add are ignored; nullopt stands for a message without the parts that name the object.
namespace ipvs {

// Without its real servers.
std::optional<VirtualServerState> parse_virtual_server(nlmsghdr* answer);
// `family` is that of the virtual server, for kernels that do not say the real server's own.
std::optional<RealServerState> parse_real_server(nlmsghdr* answer, base::Family family);
std::optional<Timeouts> parse_timeouts(nlmsghdr* answer);
// The number of a generic netlink family.
std::optional<int> parse_family(nlmsghdr* answer);

}  // namespace ipvs

#endif  // IPVS_AGENT_IPVS_NETLINK_IPVS_ANSWERS_H_
