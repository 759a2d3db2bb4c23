#include "agent/cli11_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

namespace agent {
namespace {

// Stands for an empty value, which CLI11 would take for a missing one.
constexpr std::string_view kEmptyValue = "\x01";

// Adds the flags to `app`; the options are in the order of the specs.
std::vector<CLI::Option*> add_flags(CLI::App& app, std::span<const FlagSpec> specs) {
  std::vector<CLI::Option*> options;
  for (const FlagSpec& spec : specs) {
    std::string names =
        spec.name.size() == 1 ? "-" + spec.name + ",--" + spec.name : "--" + spec.name;
    CLI::Option* option = app.add_option(names)->description(spec.help)->group(spec.group);
    option->type_name(spec.value);
    option->expected(spec.is_switch ? 0 : 1, 1);
    option->multi_option_policy(spec.repeats ? CLI::MultiOptionPolicy::TakeAll
                                             : CLI::MultiOptionPolicy::TakeLast);
    if (spec.repeats) option->expected(1, CLI::detail::expected_max_vector_size);
    option->allow_extra_args(false);
    options.push_back(option);
  }
  return options;
}

// "--log_dir=x" as "--log-dir=x"; "--name=" as a name with an empty value.
std::string normalized(const std::string& argument) {
  if (!argument.starts_with("--")) return argument;
  std::size_t equals = std::min(argument.find('='), argument.size());
  std::string result = argument;
  std::replace(result.begin(), result.begin() + static_cast<std::ptrdiff_t>(equals), '_', '-');
  if (equals + 1 == argument.size()) result += kEmptyValue;
  return result;
}

}  // namespace

base::Result<FlagValues> parse_flags(std::span<const FlagSpec> specs,
                                     std::span<const std::string> arguments) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<CLI::Option*> options = add_flags(app, specs);
  // CLI11 takes the arguments from the back.
  std::vector<std::string> reversed;
  for (const std::string& argument : arguments) {
    reversed.push_back(argument.empty() ? std::string(kEmptyValue) : normalized(argument));
  }
  std::reverse(reversed.begin(), reversed.end());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return base::Status(base::Code::kInvalidArgument, error.what());
  }
  if (std::vector<std::string> left = app.remaining(); !left.empty()) {
    return base::Status(base::Code::kInvalidArgument,
                        "\"" + left.front() + "\" is no flag of this program; --help lists them");
  }
  FlagValues values;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (options[i]->count() == 0) continue;
    std::vector<std::string> given = options[i]->results();
    for (std::string& value : given) {
      if (value == kEmptyValue) value.clear();
    }
    if (given.empty() || (specs[i].is_switch && given.back().empty())) given = {"true"};
    values[specs[i].name] = std::move(given);
  }
  return values;
}

std::string flags_help(std::span<const FlagSpec> specs, const std::string& program,
                       const std::string& description) {
  CLI::App app(description, program);
  app.set_help_flag();
  app.get_formatter()->column_width(42);
  add_flags(app, specs);
  return app.help();
}

}  // namespace agent
