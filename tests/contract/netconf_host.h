#ifndef IPVS_AGENT_TESTS_CONTRACT_NETCONF_HOST_H_
#define IPVS_AGENT_TESTS_CONTRACT_NETCONF_HOST_H_

#include <memory>
#include <string>
#include <vector>

#include "netconf/conntrack_table.h"
#include "netconf/ipset_table.h"
#include "netconf/iptables_rules.h"
#include "netconf/nft_tables.h"
#include "netconf/sysctls.h"

namespace contract {

// A host without any ipset or rule, in memory or as a fresh network namespace of the kernel. What
// it hands out lives as long as it does.
class NetconfHost {
 public:
  virtual ~NetconfHost() = default;
  virtual netconf::IpsetTable& ipsets() = 0;
  // `variant` is one of iptables_variants().
  virtual netconf::IptablesRules& iptables(const std::string& variant) = 0;
  virtual netconf::Sysctls& sysctls() = 0;
  virtual netconf::ConntrackTable& conntrack() = 0;
  // Makes the kernel track a flow; its id is the kernel's business.
  virtual void track(const netconf::Flow& flow) = 0;
  virtual netconf::NftTables& nft() = 0;
  // Makes a table of nftables that is not empty.
  virtual void make(const netconf::NftTable& table) = 0;
};

std::unique_ptr<NetconfHost> make_netconf_host();

// The backends of iptables that the host can have.
std::vector<std::string> iptables_variants();

}  // namespace contract

#endif  // IPVS_AGENT_TESTS_CONTRACT_NETCONF_HOST_H_
