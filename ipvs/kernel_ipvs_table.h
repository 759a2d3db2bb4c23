#ifndef IPVS_AGENT_IPVS_KERNEL_IPVS_TABLE_H_
#define IPVS_AGENT_IPVS_KERNEL_IPVS_TABLE_H_

#include <memory>

#include "ipvs/ipvs_table.h"

namespace ipvs {

// The IPVS table of the network namespace the calling thread is in now.
//
// Errors of opening: kUnsupported when the kernel has no IPVS, kPermissionDenied without
// CAP_NET_ADMIN; both messages name the remedy.
//
// About the table: operations go to the kernel up to 500 in one send. A Status of kUnavailable or
// kResourceExhausted means that the answer was lost: the operation may have happened, read again.
// A virtual server whose scheduler or persistence engine the kernel lacks is kUnsupported (ENOENT).
// A virtual server that is there all the time is listed, whatever is added or deleted meanwhile,
// here or in another network namespace.
base::Result<std::unique_ptr<IpvsTable>> open_kernel_ipvs_table();

}  // namespace ipvs

#endif  // IPVS_AGENT_IPVS_KERNEL_IPVS_TABLE_H_
