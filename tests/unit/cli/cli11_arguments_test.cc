#include "cli/cli11_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

base::Result<Arguments> parse(const std::string& command, std::vector<std::string> arguments) {
  return parse_arguments(*find_command(command), arguments);
}

TEST(Arguments, KubectlsHabits) {
  for (const std::vector<std::string>& line :
       {std::vector<std::string>{"-n", "kube-system", "dns", "-o", "json"},
        {"dns", "--namespace=kube-system", "--output", "json"},
        {"-nkube-system", "-ojson", "dns"},
        {"-n", "other", "-n", "kube-system", "dns", "-o=json"}}) {
    auto given = parse("status", line);
    ASSERT_TRUE(given.ok()) << given.status().message();
    EXPECT_EQ(given->option("namespace"), "kube-system");
    EXPECT_EQ(given->option("output"), "json");
    EXPECT_THAT(given->words, ElementsAre("dns"));
    EXPECT_FALSE(given->has("watch"));
  }
  EXPECT_TRUE(parse("status", {"-A", "-w"})->has("watch"));
  EXPECT_EQ(parse("status", {"-l", "app in (a, b)"})->option("selector"), "app in (a, b)");
}

TEST(Arguments, MistakesAreNamedWithWhatIsAllowed) {
  EXPECT_THAT(parse("status", {"-o", "yaml"}).status().message(),
              AllOf(HasSubstr("found \"yaml\""), HasSubstr("wide, json")));
  EXPECT_THAT(parse("status", {"--wat"}).status().message(), HasSubstr("--wat"));
  EXPECT_THAT(parse("status", {"a", "b"}).status().message(), HasSubstr("found \"b\""));
  EXPECT_THAT(parse("plan", {"x"}).status().message(), HasSubstr("options alone"));
  EXPECT_THAT(parse("status", {"-n"}).status().message(), HasSubstr("status --help"));
}

TEST(Commands, EachHasAPageOfHelp) {
  for (const CommandSpec& command : commands()) {
    std::string help = command_help(command);
    EXPECT_THAT(help, HasSubstr("Usage: ipvs-agent " + command.name));
    for (const OptionSpec& option : command.options) {
      EXPECT_THAT(help, HasSubstr("--" + option.name));
      EXPECT_FALSE(option.help.empty()) << command.name << " --" << option.name;
    }
    EXPECT_THAT(commands_help(), HasSubstr(command.summary));
    EXPECT_TRUE(parse(command.name, {"--help"})->help);
  }
}

}  // namespace
}  // namespace cli
