#include "tests/scenarios/document_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace scenarios {

namespace fs = std::filesystem;

std::string read_text(const fs::path& file) {
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  EXPECT_FALSE(text.str().empty()) << file;
  return text.str();
}

std::vector<std::string> all_matches(const std::string& text, const std::regex& pattern) {
  std::vector<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) {
    std::string name = it->str(1);
    if (it->size() > 2) name += "." + it->str(2);
    found.push_back(std::move(name));
  }
  return found;
}

std::vector<fs::path> all_pages(const fs::path& root) {
  std::vector<fs::path> pages;
  for (const fs::path& folder : {root, root / "docs", root / "charts/ipvs-agent"}) {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".md") pages.push_back(entry.path());
    }
  }
  std::sort(pages.begin(), pages.end());
  return pages;
}

}  // namespace scenarios
