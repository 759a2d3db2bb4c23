#ifndef IPVS_AGENT_NETCONF_KERNEL_IPTABLES_H_
#define IPVS_AGENT_NETCONF_KERNEL_IPTABLES_H_

#include <memory>
#include <optional>

#include "netconf/iptables_backend.h"
#include "netconf/iptables_rules.h"

namespace netconf {

// The iptables rules of the thread's network namespace, by iptables-save and iptables-restore.
// `backend` decides by hand; otherwise the one that the host uses is found, once, here.
//
// Errors: as detect_iptables_backend(). Each program has 30 s, one of begin_read() 120 s.
base::Result<std::unique_ptr<IptablesRules>> open_kernel_iptables(
    std::optional<IptablesBackend> backend = std::nullopt);

// The same on any runner of programs.
std::unique_ptr<IptablesRules> make_kernel_iptables(IptablesBackend backend, ProcessRunner run);

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_KERNEL_IPTABLES_H_
