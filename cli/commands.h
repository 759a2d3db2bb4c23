#ifndef IPVS_AGENT_CLI_COMMANDS_H_
#define IPVS_AGENT_CLI_COMMANDS_H_

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cli {

// One option of a command: "-n NAMESPACE", "--namespace NAMESPACE".
struct OptionSpec {
  std::string name;                       // without dashes
  char letter = 0;                        // of its short form; 0: none
  std::string value = {};                 // what stands for the value; "" for a switch
  std::string help = {};                  // one sentence
  std::vector<std::string> choices = {};  // the values there are, where they are few
};

// One command: the single description from which arguments are read, and help, completions and the
// man page are made.
struct CommandSpec {
  std::string name;
  std::string words = {};        // the arguments that are no options: "[NAME]"
  std::string summary = {};      // a few words
  std::string description = {};  // paragraphs, separated by empty lines
  std::vector<OptionSpec> options = {};
  std::vector<std::pair<std::string, std::string>> examples = {};  // command line, what it does
  std::size_t most_words = 0;
  bool words_are_services = false;  // for completions
};

// In the order in which help lists them.
std::span<const CommandSpec> commands();
// Null where there is no such command.
const CommandSpec* find_command(std::string_view name);

// The page of `ipvs-agent COMMAND --help`.
std::string command_help(const CommandSpec& command);
// The lines about commands on the page of `ipvs-agent --help`.
std::string commands_help();

}  // namespace cli

#endif  // IPVS_AGENT_CLI_COMMANDS_H_
