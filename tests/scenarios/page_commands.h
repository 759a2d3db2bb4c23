#ifndef IPVS_AGENT_TESTS_SCENARIOS_PAGE_COMMANDS_H_
#define IPVS_AGENT_TESTS_SCENARIOS_PAGE_COMMANDS_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace scenarios {

// Who tries a command of a page; see tests/documented_commands.txt.
enum class CommandRunner : std::uint8_t { kLab, kCluster, kNobody };

struct CommandRule {
  CommandRunner runner = CommandRunner::kLab;
  std::string words;   // what the command begins with
  std::string reason;  // "" where none is given
};

struct PageCommand {
  std::filesystem::path page;
  std::string text;  // one line: continued lines and those of one quotation are joined
};

// tests/documented_commands.txt; what makes no sense in it fails the test.
std::vector<CommandRule> command_rules(const std::filesystem::path& root);

// The commands of a page's shell blocks.
std::vector<PageCommand> commands_of_page(const std::filesystem::path& page);

// The rule that the command falls under; null where none does, which means the lab.
const CommandRule* rule_for(const std::vector<CommandRule>& rules, const std::string& command);

}  // namespace scenarios

#endif  // IPVS_AGENT_TESTS_SCENARIOS_PAGE_COMMANDS_H_
