#ifndef IPVS_AGENT_CLI_CLI11_ARGUMENTS_H_
#define IPVS_AGENT_CLI_CLI11_ARGUMENTS_H_

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/commands.h"

namespace cli {

// What was given to a command.
struct Arguments {
  std::map<std::string, std::string> options;  // by long name; "true" for switches
  std::vector<std::string> words;
  bool help = false;

  // "" where the option was not given.
  std::string option(std::string_view name) const;
  bool has(std::string_view name) const { return !option(name).empty(); }
};

// Options and words may come in any order; "--name VALUE", "--name=VALUE", "-n VALUE", "-nVALUE";
// an option that is given again replaces the one before.
// Errors: kInvalidArgument, with what was found and what is allowed.
base::Result<Arguments> parse_arguments(const CommandSpec& command,
                                        std::span<const std::string> arguments);

}  // namespace cli

#endif  // IPVS_AGENT_CLI_CLI11_ARGUMENTS_H_
