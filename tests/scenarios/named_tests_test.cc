// Pages that say "this test proves it" must name tests that exist.

#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/scenarios/document_text.h"

namespace {

namespace fs = std::filesystem;

using scenarios::all_matches;
using scenarios::read_text;

const fs::path kRoot = IPVS_AGENT_SOURCE_DIR;

// "LoopTest.ARestartPlansNothing" of every test program, and the names of all scenarios.
const std::set<std::string>& known_names() {
  static const std::set<std::string> kNames = [] {
    std::set<std::string> names;
    const std::regex test(R"(TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\))");
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kRoot / "tests")) {
      const std::string file = entry.path().filename();
      if (!file.ends_with("_test.cc") && !file.ends_with("_contract.cc") &&
          !file.ends_with("_kernel.cc")) {
        continue;
      }
      for (std::string& name : all_matches(read_text(entry.path()), test)) {
        names.insert(std::move(name));
      }
    }
    for (const fs::directory_entry& entry : fs::directory_iterator(SCENARIO_CASES)) {
      names.insert(entry.path().filename());
    }
    return names;
  }();
  return kNames;
}

// The names in code spans; other code, such as paths and options, is not looked at.
std::vector<std::string> named_in(const std::string& text) {
  static const std::regex kSpan(R"(`([A-Z]\w*\.[A-Z]\w*|[a-z0-9]+(?:-[a-z0-9]+)+)`)");
  return all_matches(text, kSpan);
}

TEST(NamedTests, OfTheScenarioTablesExist) {
  std::istringstream page(read_text(kRoot / "tests/scenarios/README.md"));
  std::size_t rows = 0;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| ") || line.find(" | here |") != line.npos) continue;
    ++rows;
    std::vector<std::string> names = named_in(line);
    EXPECT_TRUE(!names.empty() || line.find("| nothing: ") != line.npos) << line;
    for (const std::string& name : names) {
      EXPECT_TRUE(known_names().contains(name)) << "no test or scenario is called " << name;
    }
  }
  EXPECT_GT(rows, 50u);
}

// Each section of the page has a paragraph "Test: ..." at its end.
TEST(NamedTests, OfTheDifferencesFromKubeProxyExist) {
  std::string page = read_text(kRoot / "docs/differences-from-kube-proxy.md");
  std::size_t begin = page.find("\n## ");
  ASSERT_NE(begin, page.npos);
  while (begin != page.npos) {
    std::size_t next = page.find("\n## ", begin + 1);
    std::string section = page.substr(begin + 1, next - begin - 1);
    std::string title = section.substr(0, section.find('\n'));
    std::size_t proof = section.find("\nTest: ");
    EXPECT_NE(proof, section.npos) << title << " names no test";
    if (proof != section.npos) {
      std::vector<std::string> names = named_in(section.substr(proof));
      EXPECT_FALSE(names.empty()) << title << " names no test";
      for (const std::string& name : names) {
        EXPECT_TRUE(known_names().contains(name)) << title << ": no test is called " << name;
      }
    }
    begin = next;
  }
}

}  // namespace
