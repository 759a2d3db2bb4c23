#ifndef IPVS_AGENT_IPVS_NETLINK_IPVS_REQUESTS_H_
#define IPVS_AGENT_IPVS_NETLINK_IPVS_REQUESTS_H_

#include <cstdint>
#include <vector>

#include "ipvs/ipvs_table.h"

struct nl_msg;

// IPVS requests as generic netlink messages (linux/ip_vs.h, family "IPVS" version 1). Each function
// fills an empty message, netconf::NetlinkBatch::blank(), which every request fits in; `family` is
// the family's number in this kernel.
namespace ipvs {

// Requests that write. Real servers come many in a row, each with the name of the same virtual
// server: it is encoded once and copied.
//
// Threading: one owner.
class IpvsRequestWriter {
 public:
  void put(nl_msg* message, int family, const IpvsOp& op);

 private:
  VirtualServerKey named_;
  std::vector<std::uint8_t> name_;  // the attribute that names it; empty before the first
};

// Every virtual server; to be sent as a dump.
void put_get_virtual_servers(nl_msg* message, int family);
// One virtual server; answered by one message, or ESRCH.
void put_get_virtual_server(nl_msg* message, int family, const VirtualServerKey& key);
// The real servers of one virtual server; to be sent as a dump, empty where there is no such
// server.
void put_get_real_servers(nl_msg* message, int family, const VirtualServerKey& key);
void put_get_timeouts(nl_msg* message, int family);
// The number of the family with this name, from the controller; answered by one message, or ENOENT.
void put_get_family(nl_msg* message, const char* name);

}  // namespace ipvs

#endif  // IPVS_AGENT_IPVS_NETLINK_IPVS_REQUESTS_H_
