#ifndef IPVS_AGENT_AGENT_HOST_SETTINGS_H_
#define IPVS_AGENT_AGENT_HOST_SETTINGS_H_

#include <string>
#include <vector>

#include "agent/configuration.h"
#include "agent/host_options.h"
#include "agent/loop.h"
#include "agent/machine.h"
#include "netconf/sysctls.h"

namespace agent {

// The kernel settings that IPVS mode needs, as kube-proxy sets them:
//   net/ipv4/vs/conntrack 1: IPVS packets must be tracked for masquerading to reach them;
//   net/ipv4/vs/expire_nodest_conn 1: connections to a deleted real server end;
//   net/ipv4/vs/expire_quiescent_template 1: affinity to a drained real server ends;
//   net/ipv4/vs/conn_reuse_mode 0, before kernel 5.9 only: later ones have the bug it hid mended;
//   net/ipv4/ip_forward 1; with strictARP, arp_ignore 1 and arp_announce 2;
//   and the conntrack limits and time-outs that are configured; with a limit, from kernel 4.7 on,
//   nf_conntrack_buckets of a quarter of it at least (what kube-proxy writes to the hashsize
//   parameter of module nf_conntrack, and the same number to the kernel).
std::vector<netconf::Sysctl> needed_sysctls(const Configuration& configuration,
                                            const Machine& machine);

// The parts of the configuration that the Host and the Loop work with.
HostOptions host_options(const Configuration& configuration, const Machine& machine);
LoopOptions loop_options(const Configuration& configuration, const Machine& machine,
                         std::string node_name);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_HOST_SETTINGS_H_
