#ifndef IPVS_AGENT_TESTS_FUZZ_MUTATION_H_
#define IPVS_AGENT_TESTS_FUZZ_MUTATION_H_

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

// Changes a text in a few random ways: bytes, pieces that go, come twice or come from another text,
// and words that mean something where the text is read.
inline std::string mutate(std::string text, const std::vector<std::string>& corpus,
                          const std::vector<std::string_view>& words, std::mt19937_64& random) {
  auto below = [&](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit == 0 ? 0 : limit - 1)(random);
  };
  for (std::size_t changes = 1 + below(6); changes > 0; --changes) {
    std::size_t at = below(text.size() + 1);
    std::size_t length = below(1 + below(64));
    switch (below(6)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        break;
      case 1: text.erase(at, length); break;
      case 2: text.insert(at, text.substr(at, length)); break;
      case 3: text.insert(at, words[below(words.size())]); break;
      case 4: {
        const std::string& other = corpus[below(corpus.size())];
        text.insert(at, other.substr(below(other.size() + 1), length));
        break;
      }
      case 5: text.resize(at); break;
    }
  }
  return text;
}

}  // namespace fuzz

#endif  // IPVS_AGENT_TESTS_FUZZ_MUTATION_H_
