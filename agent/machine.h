#ifndef IPVS_AGENT_AGENT_MACHINE_H_
#define IPVS_AGENT_AGENT_MACHINE_H_

#include <string>
#include <string_view>

namespace agent {

// What of the machine the settings depend on.
struct Machine {
  int kernel_major = 0;  // of uname(2)'s release: 6.1.0-18-amd64 is 6 and 1
  int kernel_minor = 0;
  int processors = 1;        // all of the machine, also where a container is confined to some
  bool ipv6 = true;          // the kernel has IPv6 (/proc/net/if_inet6)
  bool random_fully = true;  // MASQUERADE takes --random-fully
};

// The machine that this process runs on. Whether MASQUERADE takes --random-fully is not asked:
// iptables knows.
Machine this_machine();

// Major and minor of a kernel release; both 0 where it has another form.
Machine with_kernel_release(Machine machine, std::string_view release);

// The name of this machine's Node, as kubelet makes it: `hostname_override`, or without one the
// host's own name; in lower case.
std::string node_name(std::string hostname_override);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_MACHINE_H_
