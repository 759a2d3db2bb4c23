#ifndef IPVS_AGENT_AGENT_CONFIG_COMMAND_H_
#define IPVS_AGENT_AGENT_CONFIG_COMMAND_H_

#include <span>
#include <string>

#include "cli/terminal.h"

namespace agent {

// `ipvs-agent config [FLAGS]`: what the agent that runs works with; with flags of the configuration
// (--config FILE among them), what an agent would work with that was started with them. Returns the
// exit code.
int run_config_command(std::span<const std::string> arguments, cli::Terminal& terminal);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_CONFIG_COMMAND_H_
