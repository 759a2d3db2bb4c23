#ifndef IPVS_AGENT_AGENT_CLI11_FLAGS_H_
#define IPVS_AGENT_AGENT_CLI11_FLAGS_H_

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace agent {

// One flag of a command line as Kubernetes' programs take them: "--name value" or "--name=value";
// underscores in names count as dashes.
struct FlagSpec {
  std::string name;  // without dashes
  // May stand alone, for "true".
  bool is_switch = false;
  // May be given several times, and all of them count; of other flags the last counts.
  bool repeats = false;
  std::string value = {};  // what stands for the value in the help: "DURATION"
  std::string help = {};
  std::string group = {};  // heading in the help; "" hides the flag there
};

// The values of the flags that were given, by name.
using FlagValues = std::map<std::string, std::vector<std::string>>;

// Errors: kInvalidArgument for flags not in `specs`, missing values and words that are no flags.
base::Result<FlagValues> parse_flags(std::span<const FlagSpec> specs,
                                     std::span<const std::string> arguments);

// The page that --help prints.
std::string flags_help(std::span<const FlagSpec> specs, const std::string& program,
                       const std::string& description);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_CLI11_FLAGS_H_
