#ifndef IPVS_AGENT_WATCHERS_QUOTE_H_
#define IPVS_AGENT_WATCHERS_QUOTE_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace watchers {

// At most `limit` bytes of foreign text, fit for one line of a log: what is not printable ASCII
// becomes '?', a cut end "...".
std::string printable(std::string_view text, std::size_t limit);

// The same between double quotes, at most 64 bytes.
std::string quote(std::string_view text);

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_QUOTE_H_
