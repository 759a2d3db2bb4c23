#include "cli/cli11_arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace cli {
namespace {

base::Status wrong(const CommandSpec& command, const std::string& what) {
  return {base::Code::kInvalidArgument,
          command.name + ": " + what + "; `ipvs-agent " + command.name + " --help` tells more"};
}

}  // namespace

std::string Arguments::option(std::string_view name) const {
  auto place = options.find(std::string(name));
  return place == options.end() ? "" : place->second;
}

base::Result<Arguments> parse_arguments(const CommandSpec& command,
                                        std::span<const std::string> arguments) {
  CLI::App app;
  app.set_help_flag();
  Arguments given;
  app.add_flag("-h,--help", given.help);
  app.add_option("words", given.words);
  std::vector<CLI::Option*> options;
  for (const OptionSpec& option : command.options) {
    std::string names = option.letter == 0 ? "" : std::string("-") + option.letter + ",";
    names += "--" + option.name;
    CLI::Option* made = option.value.empty() ? app.add_flag(names) : app.add_option(names);
    made->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    options.push_back(made);
  }
  // CLI11 takes the arguments from the back, and does not know "-o=json".
  std::vector<std::string> reversed;
  for (auto argument = arguments.rbegin(); argument != arguments.rend(); ++argument) {
    const bool joined = argument->size() > 2 && (*argument)[0] == '-' && (*argument)[1] != '-' &&
                        (*argument)[2] == '=';
    reversed.push_back(joined ? argument->substr(3) : *argument);
    if (joined) reversed.push_back(argument->substr(0, 2));
  }
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return wrong(command, error.what());
  }
  if (given.help) return given;
  if (given.words.size() > command.most_words) {
    return wrong(command, "found \"" + given.words.back() + "\", allowed: " +
                              (command.words.empty() ? "options alone" : command.words));
  }
  for (std::size_t i = 0; i < options.size(); ++i) {
    const OptionSpec& spec = command.options[i];
    if (options[i]->count() == 0) continue;
    std::string value = spec.value.empty() ? "true" : options[i]->results().back();
    if (!spec.choices.empty() &&
        std::find(spec.choices.begin(), spec.choices.end(), value) == spec.choices.end()) {
      std::string allowed;
      for (const std::string& choice : spec.choices)
        allowed += (allowed.empty() ? "" : ", ") + choice;
      return wrong(command, "--" + spec.name + ": found \"" + value + "\", allowed: " + allowed);
    }
    given.options[spec.name] = std::move(value);
  }
  return given;
}

}  // namespace cli
