#ifndef IPVS_AGENT_NETCONF_KERNEL_CONNTRACK_H_
#define IPVS_AGENT_NETCONF_KERNEL_CONNTRACK_H_

#include <memory>

#include "netconf/conntrack_table.h"

namespace netconf {

// The flows of the calling thread's network namespace, by ctnetlink.
//
// Errors: kUnsupported without the module nf_conntrack_netlink, kPermissionDenied without
// CAP_NET_ADMIN; the first read or apply tells.
// Kernel notes: from 5.8 on the kernel leaves out what is not UDP (CTA_FILTER,
// linux/netfilter/nfnetlink_conntrack.h); older ones send everything of the family.
base::Result<std::unique_ptr<ConntrackTable>> open_kernel_conntrack();

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_KERNEL_CONNTRACK_H_
