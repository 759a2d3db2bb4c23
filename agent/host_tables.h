#ifndef IPVS_AGENT_AGENT_HOST_TABLES_H_
#define IPVS_AGENT_AGENT_HOST_TABLES_H_

#include "ipvs/ipvs_table.h"
#include "netconf/address_table.h"
#include "netconf/conntrack_table.h"
#include "netconf/ipset_table.h"
#include "netconf/iptables_rules.h"
#include "netconf/nft_tables.h"
#include "netconf/sysctls.h"

namespace agent {

// The kernel tables of one network namespace; they outlive the Host.
struct HostTables {
  ipvs::IpvsTable& ipvs;
  netconf::AddressTable& addresses;
  netconf::IpsetTable& ipsets;
  netconf::IptablesRules& iptables;
  netconf::Sysctls& sysctls;
  netconf::ConntrackTable& conntrack;
  netconf::NftTables& nft;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_HOST_TABLES_H_
