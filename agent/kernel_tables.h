#ifndef IPVS_AGENT_AGENT_KERNEL_TABLES_H_
#define IPVS_AGENT_AGENT_KERNEL_TABLES_H_

#include <memory>
#include <string>

#include "agent/configuration.h"
#include "agent/host_tables.h"
#include "base/result.h"

namespace agent {

// The real kernel tables of the network namespace that the calling thread is in.
//
// Threading: used by the thread that opened them.
class KernelTables {
 public:
  // Errors: what the host lacks (IPVS, ip_set, iptables, CAP_NET_ADMIN), with the remedy.
  static base::Result<KernelTables> open(const Configuration& configuration,
                                         const std::string& device);

  HostTables tables() {
    return {*ipvs_, *addresses_, *ipsets_, *iptables_, *sysctls_, *conntrack_, *nft_};
  }

 private:
  std::unique_ptr<ipvs::IpvsTable> ipvs_;
  std::unique_ptr<netconf::AddressTable> addresses_;
  std::unique_ptr<netconf::IpsetTable> ipsets_;
  std::unique_ptr<netconf::IptablesRules> iptables_;
  std::unique_ptr<netconf::Sysctls> sysctls_;
  std::unique_ptr<netconf::ConntrackTable> conntrack_;
  std::unique_ptr<netconf::NftTables> nft_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_KERNEL_TABLES_H_
