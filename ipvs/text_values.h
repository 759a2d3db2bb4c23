#ifndef IPVS_AGENT_IPVS_TEXT_VALUES_H_
#define IPVS_AGENT_IPVS_TEXT_VALUES_H_

#include <cstdint>
#include <string_view>

#include "base/ip_address.h"
#include "base/result.h"
#include "ipvs/real_server.h"

// The single words of ipvsadm's grammar.
namespace ipvs {

// "found" in quotes, and what was expected in its place.
base::Status refused(std::string_view word, std::string_view expected);

// A decimal number from 0 to `limit`.
base::Result<std::uint32_t> parse_number(std::string_view word, std::uint32_t limit);

// "ADDRESS:PORT", "[ADDRESS]:PORT"; without a port it is 0.
base::Result<RealServerKey> parse_endpoint(std::string_view word);

// The length of "255.255.255.0" for IPv4, "64" for IPv6.
base::Result<std::uint8_t> parse_persistence_mask(std::string_view word, base::Family family);

}  // namespace ipvs

#endif  // IPVS_AGENT_IPVS_TEXT_VALUES_H_
