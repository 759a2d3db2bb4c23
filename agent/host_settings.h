#ifndef IPVS_AGENT_AGENT_HOST_SETTINGS_H_
#define IPVS_AGENT_AGENT_HOST_SETTINGS_H_

#include <string_view>
#include <vector>

#include "agent/configuration.h"
#include "agent/host.h"
#include "agent/loop.h"
#include "netconf/sysctls.h"

namespace agent {

// What of the machine the settings depend on.
struct Machine {
  int kernel_major = 0;  // of uname(2)'s release: 6.1.0-18-amd64 is 6 and 1
  int kernel_minor = 0;
  int processors = 1;
  bool ipv6 = true;          // the kernel has IPv6 (/proc/net/if_inet6)
  bool random_fully = true;  // MASQUERADE takes --random-fully
};

// Major and minor of a kernel release; both 0 where it has another form.
Machine with_kernel_release(Machine machine, std::string_view release);

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
