#include "watchers/quote.h"

namespace watchers {

std::string printable(std::string_view text, std::size_t limit) {
  std::string line(text.substr(0, limit));
  for (char& c : line) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  if (text.size() > limit) line += "...";
  return line;
}

std::string quote(std::string_view text) { return '"' + printable(text, 64) + '"'; }

}  // namespace watchers
