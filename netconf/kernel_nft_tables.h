#ifndef IPVS_AGENT_NETCONF_KERNEL_NFT_TABLES_H_
#define IPVS_AGENT_NETCONF_KERNEL_NFT_TABLES_H_

#include <memory>

#include "netconf/nft_tables.h"

namespace netconf {

// The tables of nftables in the thread's network namespace, over netlink: the program nft is not
// needed.
base::Result<std::unique_ptr<NftTables>> open_kernel_nft_tables();

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_KERNEL_NFT_TABLES_H_
