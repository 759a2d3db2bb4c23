#include "tests/scenarios/page_commands.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace scenarios {

std::vector<CommandRule> command_rules(const std::filesystem::path& root) {
  std::vector<CommandRule> rules;
  std::ifstream stream(root / "tests/documented_commands.txt");
  for (std::string line; std::getline(stream, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    CommandRule rule;
    const std::size_t reason = line.find("  # ");
    if (reason != line.npos) rule.reason = line.substr(reason + 4);
    line.resize(std::min(reason, line.size()));
    const std::size_t space = line.find(' ');
    EXPECT_NE(space, line.npos) << line;
    if (space == line.npos) continue;
    const std::string runner = line.substr(0, space);
    EXPECT_TRUE(runner == "cluster" || runner == "nobody") << line;
    rule.runner = runner == "cluster" ? CommandRunner::kCluster : CommandRunner::kNobody;
    rule.words = line.substr(space + 1);
    rules.push_back(std::move(rule));
  }
  EXPECT_FALSE(rules.empty());
  return rules;
}

std::vector<PageCommand> commands_of_page(const std::filesystem::path& page) {
  std::vector<PageCommand> commands;
  std::ifstream stream(page);
  EXPECT_TRUE(stream.is_open()) << page;
  bool shell = false;
  std::string pending;
  for (std::string line; std::getline(stream, line);) {
    // Blocks of lists are indented.
    line.erase(0, std::min(line.find_first_not_of(' '), line.size()));
    if (line.starts_with("```")) {
      EXPECT_EQ(pending, "") << page << ": a command that does not end";
      shell = !shell && line == "```sh";
      pending.clear();
      continue;
    }
    if (!shell || line.empty()) continue;
    pending += line;
    if (pending.back() == '\\') {
      pending.back() = ' ';
    } else if (const std::string code = pending.substr(0, pending.find("  # "));
               std::count(code.begin(), code.end(), '\'') % 2 == 0) {
      commands.push_back({.page = page, .text = std::move(pending)});
      pending.clear();
    }
  }
  return commands;
}

const CommandRule* rule_for(const std::vector<CommandRule>& rules, const std::string& command) {
  for (const CommandRule& rule : rules) {
    if (!command.starts_with(rule.words)) continue;
    // Whole words, unless the rule is the beginning of a path.
    const bool whole = command.size() == rule.words.size() || rule.words.back() == '/' ||
                       command[rule.words.size()] == ' ';
    if (whole) return &rule;
  }
  return nullptr;
}

}  // namespace scenarios
