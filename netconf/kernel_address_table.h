#ifndef IPVS_AGENT_NETCONF_KERNEL_ADDRESS_TABLE_H_
#define IPVS_AGENT_NETCONF_KERNEL_ADDRESS_TABLE_H_

#include <memory>
#include <string>

#include "netconf/address_table.h"

namespace netconf {

// The addresses of the network namespace the calling thread is in now; `device` (at most 15
// characters) is the service device, which need not exist yet.
//
// About the table: operations go to the kernel up to 500 in one send. A Status of kUnavailable or
// kResourceExhausted means that the answer was lost: the operation may have happened, read again.
// The device stays DOWN: its local routes exist all the same. Binding 0.0.0.0 succeeds and does
// nothing (so says the kernel).
base::Result<std::unique_ptr<AddressTable>> open_kernel_address_table(std::string device);

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_KERNEL_ADDRESS_TABLE_H_
