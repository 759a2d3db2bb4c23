#ifndef IPVS_AGENT_CLI_COMPLETION_H_
#define IPVS_AGENT_CLI_COMPLETION_H_

#include <string>
#include <string_view>

namespace cli {

// A script that completes the commands in a shell: "bash", "zsh" or "fish"; "" for another. It is
// made of commands(), and asks the agent for the names of Services when it runs.
std::string completion_script(std::string_view shell);

}  // namespace cli

#endif  // IPVS_AGENT_CLI_COMPLETION_H_
