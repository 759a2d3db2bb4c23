#include "agent/config_command.h"

#include <algorithm>
#include <ostream>
#include <vector>

#include "agent/command_line.h"
#include "agent/config_answer.h"
#include "cli/agent_client.h"
#include "cli/cli11_arguments.h"
#include "cli/commands.h"
#include "cli/run_command.h"

namespace agent {
namespace {

// How many arguments an option of the command itself takes here; 0 where it is none.
std::size_t length_of_own(const cli::CommandSpec& command, const std::string& argument) {
  if (argument == "-h" || argument == "--help") return 1;
  for (const cli::OptionSpec& option : command.options) {
    if (argument == "--" + option.name) return option.value.empty() ? 1 : 2;
    if (argument.starts_with("--" + option.name + "=")) return 1;
    if (option.letter == 0 || !argument.starts_with(std::string("-") + option.letter)) continue;
    return argument.size() > 2 || option.value.empty() ? 1 : 2;
  }
  return 0;
}

}  // namespace

int run_config_command(std::span<const std::string> arguments, cli::Terminal& terminal) {
  const cli::CommandSpec& command = *cli::find_command("config");
  std::vector<std::string> own;
  std::vector<std::string> flags;
  for (std::size_t i = 1; i < arguments.size();) {
    std::size_t length = length_of_own(command, arguments[i]);
    std::vector<std::string>& to = length > 0 ? own : flags;
    for (std::size_t end = i + std::max<std::size_t>(length, 1); i < end && i < arguments.size();) {
      to.push_back(arguments[i++]);
    }
  }
  auto given = cli::parse_arguments(command, own);
  if (!given.ok()) {
    terminal.err << given.status().message() << "\n";
    return cli::kUsage;
  }
  if (given->help) {
    terminal.out << cli::command_help(command);
    return cli::kOk;
  }
  std::string text;
  if (flags.empty()) {
    std::string socket = given->option("socket");
    if (socket.empty()) socket = cli::kDefaultSocket;
    auto answer = cli::ask_agent(socket, "GET", "/v1/config");
    if (answer.ok() && answer->status == 200) text = answer->body;
    if (text.empty()) {
      terminal.err << "these are the defaults, because "
                   << (answer.ok() ? "the agent that answers is of another version"
                                   : answer.status().message())
                   << "\n";
    }
  }
  if (text.empty()) {
    auto line = parse_command_line(flags);
    if (!line.ok()) {
      terminal.err << line.status().message() << "\n";
      return cli::kUsage;
    }
    for (const std::string& warning : line->loaded.warnings) terminal.err << warning << "\n";
    text = configuration_json(line->loaded.configuration, line->loaded.origins);
  }
  cli::print_configuration(text, *given, terminal);
  return cli::kOk;
}

}  // namespace agent
