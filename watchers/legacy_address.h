#ifndef IPVS_AGENT_WATCHERS_LEGACY_ADDRESS_H_
#define IPVS_AGENT_WATCHERS_LEGACY_ADDRESS_H_

#include <string_view>

#include "base/ip_address.h"
#include "base/result.h"

namespace watchers {

// Addresses and prefixes of API objects. API servers have stored IPv4 text with leading zeros, and
// still serve it: "010.096.000.010" is 10.96.0.10, each part decimal, as all of Kubernetes reads
// it. Otherwise as IpAddress::parse() and IpPrefix::parse().
base::Result<base::IpAddress> parse_legacy_address(std::string_view text);
base::Result<base::IpPrefix> parse_legacy_prefix(std::string_view text);

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_LEGACY_ADDRESS_H_
