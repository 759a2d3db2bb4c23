#ifndef IPVS_AGENT_AGENT_COMMAND_LINE_H_
#define IPVS_AGENT_AGENT_COMMAND_LINE_H_

#include <span>
#include <string>
#include <vector>

#include "agent/config_file.h"
#include "base/result.h"

namespace agent {

// What a start of the program was asked to do.
enum class Action {
  kRun,
  kInitOnly,     // set the kernel settings that need more than CAP_NET_ADMIN, then end
  kCleanup,      // take back everything that is ours, then end
  kWriteConfig,  // write the configuration in force to write_config_to, then end
  kPrintVersion,
  kPrintHelp,
};

// A command line, with the configuration file it names taken in.
struct CommandLine {
  Action action = Action::kRun;
  std::vector<std::string> arguments;  // as given
  LoadedConfiguration loaded;
  bool shadow = false;          // --shadow: compare and tell, write nothing
  std::string config_path;      // --config; "" for none
  std::string write_config_to;  // of kWriteConfig: path of the file to write
  std::string master;  // --master: URL of the API server, over the kubeconfig's; "" for none
  std::string help;    // of kPrintHelp: the page
};

// `arguments` without the program's name. With --config the file is the whole configuration and
// flags beside it are ignored with a warning that names them, but for those that kube-proxy honours
// there too (ConfigKey::flag_beats_file).
// Errors: kInvalidArgument naming every wrong flag or every mistake in the file, one a line; those
// of reading the file.
base::Result<CommandLine> parse_command_line(std::span<const std::string> arguments);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_COMMAND_LINE_H_
