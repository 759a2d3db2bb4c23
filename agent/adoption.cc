#include "agent/adoption.h"

#include <algorithm>
#include <string>

namespace agent {

std::optional<Adoption> adoption_of(const BelievedHost& found, const DesiredHost& desired) {
  Adoption adoption;
  for (const auto& [key, there] : found.virtual_servers()) {
    const PlannedVirtualServer* wanted = desired.virtual_server(key);
    if (wanted == nullptr) continue;
    ++adoption.found;
    if (there.server == wanted->server) ++adoption.virtual_servers;
    if (there.real_servers.shares_memory_with(wanted->real_servers)) {
      adoption.real_servers += there.real_servers.size();
      continue;
    }
    for (const ipvs::RealServer& real : there.real_servers) {
      if (std::ranges::binary_search(wanted->real_servers, real)) ++adoption.real_servers;
    }
  }
  if (adoption.found == 0) return std::nullopt;
  return adoption;
}

bool written_by_kube_proxy(const netconf::IptablesState& rules) {
  for (const netconf::IptablesChain& chain : rules) {
    if (chain.table == "filter" && chain.name == "KUBE-IPVS-OUT-FILTER" && !chain.rules.empty()) {
      return true;
    }
    if (chain.table != "nat" || chain.name != "KUBE-POSTROUTING") continue;
    bool hairpin_without = false;
    bool others_with = false;
    for (const std::string& rule : chain.rules) {
      if (netconf::jump_target(rule) != "MASQUERADE") continue;
      const bool hairpin = rule.find("LOOP-BACK dst,dst,src") != std::string::npos;
      const bool random = rule.find("--random-fully") != std::string::npos;
      hairpin_without = hairpin_without || (hairpin && !random);
      others_with = others_with || (!hairpin && random);
    }
    if (hairpin_without && others_with) return true;
  }
  return false;
}

}  // namespace agent
