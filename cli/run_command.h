#ifndef IPVS_AGENT_CLI_RUN_COMMAND_H_
#define IPVS_AGENT_CLI_RUN_COMMAND_H_

#include <span>
#include <string>

#include "cli/cli11_arguments.h"
#include "cli/terminal.h"

namespace cli {

// Exit codes of commands.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;       // no agent, or it could not answer
inline constexpr int kUsage = 2;        // the command line is wrong
inline constexpr int kDifferences = 3;  // audit: the kernel is not as it should be

// Whether the program's arguments ask for a command: the first is no flag.
bool is_command(std::span<const std::string> arguments);

// Runs the command that the first argument names. Returns the exit code.
int run_command(std::span<const std::string> arguments, Terminal& terminal);

// Prints a configuration that is given as JSON: as a table, or with --output json as it is.
void print_configuration(const std::string& text, const Arguments& arguments, Terminal& terminal);

}  // namespace cli

#endif  // IPVS_AGENT_CLI_RUN_COMMAND_H_
