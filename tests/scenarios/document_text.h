#ifndef IPVS_AGENT_TESTS_SCENARIOS_DOCUMENT_TEXT_H_
#define IPVS_AGENT_TESTS_SCENARIOS_DOCUMENT_TEXT_H_

#include <filesystem>
#include <regex>
#include <string>
#include <vector>

namespace scenarios {

// The whole file; an empty one fails the test.
std::string read_text(const std::filesystem::path& file);

// What the pattern's first group matched, everywhere; with two groups, both, joined by a dot.
std::vector<std::string> all_matches(const std::string& text, const std::regex& pattern);

// The pages that people read: those at the root, in docs/ and of the chart.
std::vector<std::filesystem::path> all_pages(const std::filesystem::path& root);

}  // namespace scenarios

#endif  // IPVS_AGENT_TESTS_SCENARIOS_DOCUMENT_TEXT_H_
