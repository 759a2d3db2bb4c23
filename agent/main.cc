#include <malloc.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "agent/command_line.h"
#include "agent/config_command.h"
#include "agent/config_text.h"
#include "agent/run.h"
#include "agent/spdlog_log.h"
#include "cli/run_command.h"
#include "cli/terminal.h"

namespace {

int write_configuration(const agent::CommandLine& command_line) {
  std::ofstream file(command_line.write_config_to);
  file << agent::to_yaml(command_line.loaded.configuration) << std::flush;
  if (file) return agent::kExitOk;
  std::fprintf(stderr, "cannot write %s\n", command_line.write_config_to.c_str());
  return agent::kExitFailure;
}

}  // namespace

int main(int argc, char** argv) {
  // Two heaps for all threads: each further one would keep what its threads once needed.
  mallopt(M_ARENA_MAX, 2);  // NOLINT(concurrency-mt-unsafe): the only thread so far
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (cli::is_command(arguments)) {
    cli::Terminal terminal = cli::this_terminal();
    return arguments.front() == "config" ? agent::run_config_command(arguments, terminal)
                                         : cli::run_command(arguments, terminal);
  }
  auto command_line = agent::parse_command_line(arguments);
  if (!command_line.ok()) {
    std::fprintf(stderr, "%s\n", command_line.status().message().c_str());
    return agent::kExitUsage;
  }
  auto log = agent::make_spdlog_log(command_line->loaded.configuration.logging);
  for (const std::string& warning : command_line->loaded.warnings) log->warning(warning);
  for (const std::string& notice : command_line->loaded.notices) log->info(notice);
  switch (command_line->action) {
    case agent::Action::kPrintHelp: std::printf("%s", command_line->help.c_str()); return 0;
    case agent::Action::kPrintVersion: std::printf("ipvs-agent %s\n", IPVS_AGENT_VERSION); return 0;
    case agent::Action::kWriteConfig: return write_configuration(*command_line);
    case agent::Action::kInitOnly: return agent::run_init_only(*command_line, *log);
    case agent::Action::kCleanup: return agent::run_cleanup(*command_line, *log);
    case agent::Action::kRun: return agent::run_agent(*command_line, *log);
  }
  return agent::kExitUsage;
}
