#ifndef IPVS_AGENT_AGENT_RUN_H_
#define IPVS_AGENT_AGENT_RUN_H_

#include "agent/command_line.h"
#include "agent/log.h"

namespace agent {

// Exit codes of the program.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;  // the host or the credentials are not fit; the log says why
inline constexpr int kExitUsage = 2;    // the command line or the configuration is wrong

// Runs the agent until SIGTERM or SIGINT. What it has programmed stays in the kernel. Returns the
// exit code.
int run_agent(const CommandLine& command_line, Log& log);

// Sets the kernel settings that need more than CAP_NET_ADMIN, and ends.
int run_init_only(const CommandLine& command_line, Log& log);

// Takes everything that is ours out of the kernel, and ends.
int run_cleanup(const CommandLine& command_line, Log& log);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_RUN_H_
