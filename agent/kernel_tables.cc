#include "agent/kernel_tables.h"

#include <utility>

#include "ipvs/kernel_ipvs_table.h"
#include "netconf/kernel_address_table.h"
#include "netconf/kernel_conntrack.h"
#include "netconf/kernel_iptables.h"
#include "netconf/kernel_nft_tables.h"
#include "netconf/libipset_table.h"
#include "netconf/proc_sysctls.h"

namespace agent {
namespace {

// Moves an opened table to its place; its failure is the result otherwise.
template <typename Table>
base::Status keep(base::Result<std::unique_ptr<Table>> opened, std::unique_ptr<Table>& place) {
  if (!opened.ok()) return opened.status();
  place = *std::move(opened);
  return {};
}

}  // namespace

base::Result<KernelTables> KernelTables::open(const Configuration& configuration,
                                              const std::string& device) {
  KernelTables tables;
  base::Status status = keep(ipvs::open_kernel_ipvs_table(), tables.ipvs_);
  if (status.ok()) {
    status = keep(netconf::open_kernel_address_table(device), tables.addresses_);
  }
  if (status.ok()) status = keep(netconf::open_libipset_table(), tables.ipsets_);
  if (status.ok()) {
    status = keep(netconf::open_kernel_iptables(configuration.ipvs_agent.iptables_backend),
                  tables.iptables_);
  }
  if (status.ok()) status = keep(netconf::open_kernel_conntrack(), tables.conntrack_);
  if (status.ok()) status = keep(netconf::open_kernel_nft_tables(), tables.nft_);
  if (!status.ok()) return status;
  tables.sysctls_ =
      std::make_unique<netconf::ProcSysctls>(configuration.ipvs_agent.sysctl_directory);
  return tables;
}

}  // namespace agent
