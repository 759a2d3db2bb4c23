// The pages that are made of the table of commands.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/man_page.h"

namespace cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string text_of(const std::string& path) {
  std::ifstream file(std::string(IPVS_AGENT_SOURCE_DIR) + "/" + path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(ManPage, IsTheGeneratedText) {
  const std::string actual = testing::TempDir() + "ipvs-agent.8";
  std::ofstream(actual) << man_page();
  EXPECT_TRUE(text_of("deploy/debian/ipvs-agent.8") == man_page())
      << "deploy/debian/ipvs-agent.8 is not up to date: cp " << actual
      << " deploy/debian/ipvs-agent.8";
}

TEST(ManPage, HasEveryCommandAndOption) {
  for (const CommandSpec& command : commands()) {
    EXPECT_THAT(man_page(), HasSubstr(".SS ipvs\\-agent " + command.name));
  }
}

TEST(CommandLinePage, TellsOfEveryCommandAndOption) {
  const std::string page = text_of("docs/command-line.md");
  for (const CommandSpec& command : commands()) {
    EXPECT_THAT(page, HasSubstr("## `ipvs-agent " + command.name)) << command.name;
    for (const OptionSpec& option : command.options) {
      EXPECT_THAT(page, HasSubstr("--" + option.name)) << command.name;
    }
  }
}

TEST(Completion, KnowsEveryCommandAndOption) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    std::string script = completion_script(shell);
    for (const CommandSpec& command : commands()) {
      EXPECT_THAT(script, HasSubstr(command.name)) << shell;
      for (const OptionSpec& option : command.options) {
        EXPECT_THAT(script, HasSubstr(option.name)) << shell;
      }
    }
    EXPECT_THAT(script, HasSubstr("ipvs-agent status -o name"));
  }
  EXPECT_EQ(completion_script("csh"), "");
}

// What bash offers for a line that ends at its last word.
std::string bash_offers(const std::string& line) {
  const std::string script = testing::TempDir() + "completion.bash";
  std::ofstream(script) << completion_script("bash") << "COMP_WORDS=(" << line << ")\n"
                        << "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_ipvs_agent\n"
                        << "echo \"${COMPREPLY[*]}\"\n";
  std::string out;
  FILE* pipe = popen(("bash " + script).c_str(), "r");
  if (pipe == nullptr) return "no bash";
  char buffer[4096];
  while (fgets(buffer, sizeof(buffer), pipe) != nullptr) out += buffer;
  pclose(pipe);
  return out;
}

TEST(Completion, OfBashRuns) {
  EXPECT_EQ(bash_offers("ipvs-agent sta"), "status\n");
  EXPECT_EQ(bash_offers("ipvs-agent status -o w"), "wide\n");
  EXPECT_EQ(bash_offers("ipvs-agent audit -o ''"), "json\n");
  EXPECT_EQ(bash_offers("ipvs-agent drain --un"), "--undo\n");
  EXPECT_EQ(bash_offers("ipvs-agent completion z"), "zsh\n");
}

}  // namespace
}  // namespace cli
