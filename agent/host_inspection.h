#ifndef IPVS_AGENT_AGENT_HOST_INSPECTION_H_
#define IPVS_AGENT_AGENT_HOST_INSPECTION_H_

#include <span>
#include <string>
#include <vector>

#include "agent/host.h"
#include "agent/host_change.h"
#include "base/result.h"
#include "ipvs/ipvs_table.h"
#include "netconf/iptables_rules.h"

namespace agent {

// A look at the kernel beside the standing audit, for people who ask. Nothing is taken note of, and
// nothing is changed. Each method looks at one part, as much as a round can wait for.
//
// Threading: that of the Host.
// Errors: those of reading the table.
class HostInspection {
 public:
  explicit HostInspection(const Host& host) : host_(host) {}

  // These virtual servers as the kernel has them now, sorted by key; those that are not there are
  // left out.
  base::Result<std::vector<ipvs::VirtualServerState>> read(
      std::span<const ipvs::VirtualServerKey> keys) const;

  // What brings the part from what the kernel has now to what is desired.
  base::Result<HostChange> virtual_servers(std::span<const ipvs::VirtualServerKey> keys) const;
  base::Result<HostChange> addresses() const;
  base::Result<HostChange> set(SetId id, base::Family family) const;
  base::Result<std::vector<netconf::IptablesOp>> rules(base::Family family) const;

  // Every virtual server that is desired, believed or failing, sorted.
  std::vector<ipvs::VirtualServerKey> virtual_server_keys() const;
  // Those that others made, without their real servers, sorted by key.
  base::Result<std::vector<ipvs::VirtualServerState>> foreign() const;
  std::vector<base::Family> families() const;

 private:
  const Host& host_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_HOST_INSPECTION_H_
