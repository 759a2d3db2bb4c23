#ifndef IPVS_AGENT_AGENT_HOST_OPTIONS_H_
#define IPVS_AGENT_AGENT_HOST_OPTIONS_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/masquerade_rules.h"
#include "base/clock.h"
#include "base/ip_address.h"
#include "ipvs/ipvs_table.h"
#include "netconf/sysctls.h"

namespace agent {

// What a Host is told by the configuration.
struct HostOptions {
  std::string device = "kube-ipvs0";
  bool ipv4 = true;
  bool ipv6 = true;
  std::string scheduler = "rr";  // must be there at the start
  RulesPolicy rules;
  std::vector<netconf::Sysctl> sysctls;       // settings that IPVS mode needs
  ipvs::Timeouts timeouts;                    // 0: leave
  std::uint32_t max_set_elements = 65536;     // of sets that are made; full ones are doubled
  std::vector<base::IpPrefix> exclude_cidrs;  // virtual servers in these are never deleted
  std::optional<base::Duration> drain_limit;  // no value: drains end only with their connections
  // The bits of packet marks that are ours (inside_marks.h), without masquerade_bit; 0: none.
  std::uint32_t inside_mark_mask = 0x3fff;
  base::Duration audit_period = std::chrono::seconds(30);  // the whole host is looked at once in it
  bool shadow = false;     // compare and tell, write nothing: for tables that are read only
  std::uint64_t seed = 1;  // of the retries' jitter
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_HOST_OPTIONS_H_
