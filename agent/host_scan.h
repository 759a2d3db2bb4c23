#ifndef IPVS_AGENT_AGENT_HOST_SCAN_H_
#define IPVS_AGENT_AGENT_HOST_SCAN_H_

#include <cstddef>
#include <string>
#include <vector>

#include "agent/host_change.h"
#include "agent/loop_questions.h"
#include "base/result.h"
#include "ipvs/ipvs_table.h"
#include "netconf/iptables_rules.h"

namespace agent {

// One thing of the host that is not as desired.
struct Difference {
  std::string what;   // "TCP 10.96.0.10:80"
  std::string found;  // "is gone"
  std::vector<std::string> commands;
};

// Everything the kernel holds, compared with what is desired.
struct HostScan {
  bool started = false;  // before that nothing is known to be desired, and nothing was looked at
  std::size_t services_waiting = 0;   // whose changes are not part of what is desired yet
  std::vector<std::string> commands;  // that bring the host to what is desired, in their order
  std::vector<Difference> differences;
  std::vector<ipvs::VirtualServerState> foreign;  // without their real servers
  std::vector<std::string> unread;                // what could not be looked at, and why
  std::size_t virtual_servers = 0;                // looked at
  std::size_t sets = 0;
};

// Looks at the whole host, part by part, so that the loop goes on with its work in between. Errors:
// those of asking.
base::Result<HostScan> scan_host(LoopQuestions& questions);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_HOST_SCAN_H_
