#include "watchers/cluster_ips.h"

#include <algorithm>
#include <cstddef>

#include "watchers/legacy_address.h"
#include "watchers/quote.h"

namespace watchers {
namespace {

bool can_be_served(const base::IpAddress& address) {
  return !address.is_unspecified() && !address.is_loopback() && !address.is_multicast();
}

}  // namespace

ClusterIps choose_cluster_ips(const ClusterIpFields& fields) {
  ClusterIps chosen;
  bool single = fields.cluster_ips.empty() || fields.ip_families.empty();
  std::vector<std::string> texts = fields.cluster_ips;
  if (single && (texts.empty() || !fields.cluster_ip.empty())) texts = {fields.cluster_ip};
  if (single) texts.resize(1);
  chosen.headless = texts.front().empty() || texts.front() == "None";
  if (chosen.headless) return chosen;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!single && i >= fields.ip_families.size()) break;
    std::string name = single ? "spec.clusterIP" : "spec.clusterIPs[" + std::to_string(i) + "]";
    auto problem = [&](const std::string& found, const std::string& allowed) {
      chosen.problems.push_back(name + ": found " + found + ", allowed: " + allowed);
    };
    base::Result<base::IpAddress> address = parse_legacy_address(texts[i]);
    if (!address.ok() || !can_be_served(*address)) {
      problem(quote(texts[i]), "a unicast IPv4 or IPv6 address");
      continue;
    }
    if (!single && base::to_string(address->family()) != fields.ip_families[i]) {
      problem(quote(texts[i]),
              "an address of the family in spec.ipFamilies, " + quote(fields.ip_families[i]));
      continue;
    }
    bool known = std::any_of(chosen.addresses.begin(), chosen.addresses.end(),
                             [&](const auto& ip) { return ip.family() == address->family(); });
    if (known) {
      problem("a second address of one family", "one a family");
    } else {
      chosen.addresses.push_back(*address);
    }
  }
  return chosen;
}

}  // namespace watchers
