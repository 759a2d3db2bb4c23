#ifndef IPVS_AGENT_AGENT_PROCESS_STATS_H_
#define IPVS_AGENT_AGENT_PROCESS_STATS_H_

#include "base/result.h"

namespace agent {

// What the kernel says of this process (proc(5)).
struct ProcessStats {
  double cpu_seconds = 0;  // user and system time of all threads so far
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double threads = 0;
  double start_time_seconds = 0;  // since 1970, UTC
  double open_files = 0;          // file descriptors in use
  double max_files = 0;           // file descriptors allowed
};

// Errors: /proc is not there or looks otherwise.
base::Result<ProcessStats> read_process_stats();

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_PROCESS_STATS_H_
