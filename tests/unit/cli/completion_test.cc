// The scripts of `ipvs-agent completion`, loaded by the shells that they are for.

#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "cli/commands.h"

namespace cli {
namespace {

namespace fs = std::filesystem;
using ::testing::IsSupersetOf;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;
using Words = std::vector<std::string>;

// What bash does when the key for completion is pressed behind a line.
constexpr char kInBash[] =
    "source \"$1\"\n"
    "read -ra COMP_WORDS <<<\"$2\"\n"
    "[[ $2 != *' ' ]] || COMP_WORDS+=('')\n"
    "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$2 COMP_POINT=${#2}\n"
    "read -ra known <<<\"$(complete -p ipvs-agent)\"\n"
    "\"${known[2]}\" ipvs-agent \"${COMP_WORDS[-1]}\" \"${COMP_WORDS[-2]}\"\n"
    "printf '%s\\n' \"${COMPREPLY[@]}\"\n";
constexpr char kInFish[] = "source $argv[1]; complete --do-complete $argv[2]";

class CompletionIn : public testing::TestWithParam<std::string> {
 protected:
  CompletionIn() {
    std::string pattern = testing::TempDir() + "completionXXXXXX";
    folder_ = mkdtemp(pattern.data());
    std::ofstream(folder_ / "script") << completion_script(GetParam());
    // What the scripts ask for the names of Services.
    std::ofstream(folder_ / "ipvs-agent") << "#!/bin/sh\n[ \"$1 $2 $3\" != 'status -o name' ] || "
                                             "printf 'default/web\\nkube/dns\\n'\n";
    fs::permissions(folder_ / "ipvs-agent", fs::perms::owner_all);
  }
  ~CompletionIn() override { fs::remove_all(folder_); }
  void SetUp() override {
    if (!fs::exists("/usr/bin/" + GetParam()) && !fs::exists("/bin/" + GetParam())) {
      GTEST_SKIP() << GetParam() << " is not installed on this machine: ./dev deps installs it";
    }
  }
  // What the shell offers behind the line; descriptions left out, sorted.
  Words offers(const std::string& line) const {
    std::string command = "cd '" + folder_.string() + "'; export TERM=dumb HOME=\"$PWD\" " +
                          "PATH=\"$PWD:/usr/bin:/bin\"; exec 2>&1; ";
    if (GetParam() == "bash") {
      std::ofstream(folder_ / "complete") << kInBash;
      command += "bash --norc complete script '" + line + "'";
    } else if (GetParam() == "fish") {
      command += "fish --no-config -c '" + std::string(kInFish) + "' script '" + line + "'";
    } else {
      command += "zsh -f '" IPVS_AGENT_SOURCE_DIR "/tests/unit/cli/complete_in_zsh' script '" +
                 line + "' found; cat found; rm found";
    }
    std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    std::string text;
    for (int c = fgetc(pipe.get()); c != EOF; c = fgetc(pipe.get())) text += static_cast<char>(c);
    Words found;
    std::istringstream lines(text);
    for (std::string word; std::getline(lines, word);) {
      word.resize(std::min(word.find('\t'), word.size()));
      if (!word.empty()) found.push_back(word);
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  fs::path folder_;
};

TEST_P(CompletionIn, OffersTheCommands) {
  Words names;
  for (const CommandSpec& command : commands()) names.push_back(command.name);
  Words found = offers("ipvs-agent ");
  EXPECT_THAT(found, IsSupersetOf(names));
  // Flags of the agent itself may be offered as well, and nothing else.
  std::erase_if(found, [](const std::string& word) { return word.starts_with("--"); });
  EXPECT_THAT(found, UnorderedElementsAreArray(names));
  EXPECT_THAT(offers("ipvs-agent stat"), UnorderedElementsAre("status"));
}

TEST_P(CompletionIn, OffersTheOptionsOfEachCommand) {
  for (const CommandSpec& command : commands()) {
    Words names = {"--help"};
    for (const OptionSpec& option : command.options) names.push_back("--" + option.name);
    EXPECT_THAT(offers("ipvs-agent " + command.name + " --"), UnorderedElementsAreArray(names))
        << command.name;
  }
}

TEST_P(CompletionIn, OffersTheValuesOfAnOption) {
  EXPECT_THAT(offers("ipvs-agent status -o "), UnorderedElementsAre("wide", "json", "name"));
  EXPECT_THAT(offers("ipvs-agent audit --output "), UnorderedElementsAre("json"));
  EXPECT_THAT(offers("ipvs-agent plan --socket scri"), UnorderedElementsAre("script"));
}

TEST_P(CompletionIn, OffersWhatACommandIsAbout) {
  EXPECT_THAT(offers("ipvs-agent explain "), UnorderedElementsAre("default/web", "kube/dns"));
  EXPECT_THAT(offers("ipvs-agent status -A def"), UnorderedElementsAre("default/web"));
  EXPECT_THAT(offers("ipvs-agent completion "), UnorderedElementsAre("bash", "zsh", "fish"));
}

INSTANTIATE_TEST_SUITE_P(Shells, CompletionIn, testing::Values("bash", "zsh", "fish"),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace cli
