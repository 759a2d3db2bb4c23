// What the pages name must be there: files and headings, metrics, keys of the configuration.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/scenarios/document_text.h"
#include "tests/scenarios/page_commands.h"

namespace {

namespace fs = std::filesystem;
using scenarios::all_matches;
using scenarios::all_pages;
using scenarios::CommandRule;
using scenarios::CommandRunner;
using scenarios::read_text;

const fs::path kRoot = IPVS_AGENT_SOURCE_DIR;

// The anchors of a page's headings, made as forges make them.
std::set<std::string> anchors_of(const fs::path& page) {
  std::set<std::string> anchors;
  std::istringstream text(read_text(page));
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with('#')) continue;
    std::string anchor;
    for (char letter : line.substr(line.find_first_not_of("# "))) {
      auto byte = static_cast<unsigned char>(letter);
      if (std::isalnum(byte) != 0 || letter == '-' || letter == '_') {
        anchor += static_cast<char>(std::tolower(byte));
      } else if (letter == ' ') {
        anchor += '-';
      }
    }
    anchors.insert(std::move(anchor));
  }
  return anchors;
}

TEST(Documents, LinksLeadToFilesAndHeadings) {
  static const std::regex kLink(R"(\]\(([^)\s]+)\))");
  std::size_t links = 0;
  for (const fs::path& page : all_pages(kRoot)) {
    for (const std::string& link : all_matches(read_text(page), kLink)) {
      if (link.find("://") != link.npos) continue;
      ++links;
      std::size_t hash = link.find('#');
      fs::path target = hash == 0 ? page : page.parent_path() / link.substr(0, hash);
      ASSERT_TRUE(fs::exists(target)) << page << " links to " << link;
      if (hash == link.npos) continue;
      EXPECT_TRUE(anchors_of(target).contains(link.substr(hash + 1))) << page << ": " << link;
    }
  }
  EXPECT_GT(links, 20u);
}

TEST(Documents, MetricsAreThoseOfTheAgent) {
  static const std::regex kListed(R"(\| `((?:ipvs_agent|kubeproxy)_\w+)` \|)");
  static const std::regex kNamed(R"(\b((?:ipvs_agent|kubeproxy)_[a-z0-9_]*[a-z0-9])\b(?!_|\*))");
  const std::vector<std::string> listed =
      all_matches(read_text(kRoot / "docs/metrics.md"), kListed);
  const std::set<std::string> known(listed.begin(), listed.end());
  ASSERT_GT(known.size(), 30u);
  for (const fs::path& page : all_pages(kRoot)) {
    for (std::string name : all_matches(read_text(page), kNamed)) {
      // The series of a histogram.
      static const std::regex kSeries("_(bucket|sum|count)$");
      EXPECT_TRUE(known.contains(name) || known.contains(std::regex_replace(name, kSeries, "")))
          << page << " names " << name;
    }
  }
}

TEST(Documents, KeysAreThoseOfTheConfiguration) {
  static const std::regex kListed(R"(\| `(\w+(?:\.\w+)*)`)");
  static const std::regex kNamed(
      R"(`((?:ipvsAgent|ipvs|iptables|conntrack|detectLocal|logging)\.\w+))");
  const std::vector<std::string> listed =
      all_matches(read_text(kRoot / "docs/configuration.md"), kListed);
  const std::set<std::string> known(listed.begin(), listed.end());
  ASSERT_GT(known.size(), 40u);
  std::size_t named = 0;
  for (const fs::path& page : all_pages(kRoot)) {
    for (const std::string& key : all_matches(read_text(page), kNamed)) {
      ++named;
      EXPECT_TRUE(known.contains(key)) << page << " names " << key;
    }
  }
  EXPECT_GT(named, 20u);
}

// A command is run on a node, or against an API server, or it is listed with the reason why nobody
// tries it: tests/documented_commands.txt.
TEST(Documents, CommandsAreTriedOrListedWithAReason) {
  const std::vector<CommandRule> rules = scenarios::command_rules(kRoot);
  std::set<std::string> used;
  std::size_t tried = 0;
  for (const fs::path& page : all_pages(kRoot)) {
    for (const scenarios::PageCommand& command : scenarios::commands_of_page(page)) {
      const CommandRule* rule = scenarios::rule_for(rules, command.text);
      if (rule != nullptr) used.insert(rule->words);
      if (rule == nullptr || rule->runner != CommandRunner::kNobody) ++tried;
    }
  }
  for (const CommandRule& rule : rules) {
    EXPECT_TRUE(used.contains(rule.words)) << "no page has " << rule.words << " any more";
    EXPECT_EQ(rule.reason.empty(), rule.runner != CommandRunner::kNobody) << rule.words;
  }
  EXPECT_GT(tried, 60u);
}

// A block that looks like commands says so, so that they are tried.
TEST(Documents, CommandsStandInShellBlocks) {
  for (const fs::path& page : all_pages(kRoot)) {
    std::istringstream text(read_text(page));
    std::string block;
    for (std::string line; std::getline(text, line);) {
      line.erase(0, std::min(line.find_first_not_of(' '), line.size()));
      if (line.starts_with("```")) {
        block = block.empty() ? line : "";
      } else if (!block.empty() && block != "```sh") {
        static const std::regex kCommand(R"((\$ )?(kubectl|helm|curl|sudo|ipvs-agent|ipvsadm) .*)");
        // What `plan` prints is no command of the page.
        EXPECT_FALSE(std::regex_match(line, kCommand) && !line.starts_with("ipvsadm -a"))
            << page << ": " << line;
      }
    }
  }
}

}  // namespace
