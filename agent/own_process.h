#ifndef IPVS_AGENT_AGENT_OWN_PROCESS_H_
#define IPVS_AGENT_AGENT_OWN_PROCESS_H_

#include <cstdint>

#include "agent/log.h"
#include "base/unique_fd.h"

// What the process arranges with the kernel for itself.
namespace agent {

// Readable when the process is asked to end (SIGTERM, SIGINT). To be called before any other thread
// is made: those made later inherit the blocked signals.
base::UniqueFd stop_signals();

// How willingly the kernel kills the process when memory is used up: -1000 (never) to 1000
// (proc(5), oom_score_adj). Where that is refused, the log is warned.
void set_oom_score(std::int64_t value, Log& log);

// Allows as many open files as may be: every health check port of a Service is one; what a service
// manager allows at first is for programs that use select(), which we do not.
void raise_file_limit();

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_OWN_PROCESS_H_
