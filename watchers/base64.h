#ifndef IPVS_AGENT_WATCHERS_BASE64_H_
#define IPVS_AGENT_WATCHERS_BASE64_H_

#include <optional>
#include <string>
#include <string_view>

namespace watchers {

// The bytes that `text` stands for (RFC 4648, standard alphabet, padded). White space is skipped,
// as folded text has it. Nothing where it is not base64.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_BASE64_H_
