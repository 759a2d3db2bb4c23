#ifndef IPVS_AGENT_NETCONF_LIBIPSET_TABLE_H_
#define IPVS_AGENT_NETCONF_LIBIPSET_TABLE_H_

#include <memory>

#include "netconf/ipset_table.h"

namespace netconf {

// The kernel's ipsets in the network namespace of the calling thread, by libipset, without a
// process. Entries travel many to a message; the kernel names the one that it refuses, so that the
// others of the message are sent again and each operation gets the outcome of its own.
//
// Threading: as IpsetTable; no second one may be used by another thread of the process. libipset
// waits for the kernel without a deadline; signals of the thread are held back meanwhile.
// Errors: here kUnsupported without the ip_set module, kPermissionDenied without CAP_NET_ADMIN.
base::Result<std::unique_ptr<IpsetTable>> open_libipset_table();

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_LIBIPSET_TABLE_H_
