// What the pages name must be there: files and headings, metrics, keys of the configuration.

#include <gtest/gtest.h>

#include <cctype>
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
using scenarios::all_pages;
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

}  // namespace
