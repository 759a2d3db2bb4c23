#include "agent/other_modes.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace agent {
namespace {

using netconf::DeleteChain;
using netconf::DeleteRule;
using netconf::IptablesChain;
using netconf::IptablesOp;
using netconf::IptablesState;

using ChainName = std::pair<std::string, std::string>;  // table, chain

// Referrers before those that they refer to, so that a part never leaves a reference behind.
constexpr std::array<std::string_view, 6> kServiceChains = {"KUBE-FW-",  "KUBE-XLB-", "KUBE-EXT-",
                                                            "KUBE-SVL-", "KUBE-SVC-", "KUBE-SEP-"};
constexpr std::string_view kCanary = "KUBE-PROXY-CANARY";
constexpr std::size_t kPart = 5000;

// The place of a chain's kind in kServiceChains; their number where it is none of them.
std::size_t service_chain_rank(std::string_view name) {
  auto found = std::ranges::find_if(
      kServiceChains, [&](std::string_view prefix) { return name.starts_with(prefix); });
  return static_cast<std::size_t>(found - kServiceChains.begin());
}

bool of_service(std::string_view name) { return service_chain_rank(name) < kServiceChains.size(); }

bool of_iptables_mode(const ChainName& chain) {
  const auto& [table, name] = chain;
  if (name == kCanary) return table == "nat" || table == "filter" || table == "mangle";
  if (table == "nat") return name == "KUBE-NODEPORTS" || of_service(name);
  return table == "filter" &&
         (name == "KUBE-SERVICES" || name == "KUBE-EXTERNAL-SERVICES" || name == "KUBE-NODEPORTS");
}

bool built_in(std::string_view chain) { return !chain.starts_with("KUBE-"); }

// Jumps of that mode to a chain whose name is ours as well, but which it jumps to otherwise.
bool stray_jump(const IptablesChain& chain, std::string_view rule) {
  return chain.table == "filter" && built_in(chain.name) &&
         netconf::jump_target(rule) == "KUBE-PROXY-FIREWALL" &&
         rule.find("\"kubernetes load balancer firewall\"") != std::string_view::npos;
}

// That mode's jumps from chains that are not its own all carry its comments.
bool own_jump(const IptablesChain& chain, std::string_view rule) {
  return built_in(chain.name) &&
         of_iptables_mode({chain.table, std::string(netconf::jump_target(rule))}) &&
         (rule.find("\"kubernetes service portals\"") != std::string_view::npos ||
          rule.find("\"kubernetes externally-visible service portals\"") !=
              std::string_view::npos ||
          rule.find("\"kubernetes health check service ports\"") != std::string_view::npos);
}

// The chains to delete: those of that mode, but for those that something else leads to.
std::set<ChainName> deletable(const IptablesState& rules) {
  std::set<ChainName> chains;
  for (const IptablesChain& chain : rules) {
    ChainName name(chain.table, chain.name);
    if (of_iptables_mode(name)) chains.insert(std::move(name));
  }
  for (bool changed = true; std::exchange(changed, false);) {
    for (const IptablesChain& chain : rules) {
      if (chains.contains({chain.table, chain.name})) continue;
      for (const std::string& rule : chain.rules) {
        if (own_jump(chain, rule)) continue;
        changed |= chains.erase({chain.table, std::string(netconf::jump_target(rule))}) > 0;
      }
    }
  }
  return chains;
}

}  // namespace

bool iptables_mode_serves(const IptablesState& rules) {
  for (const IptablesChain& chain : rules) {
    if (chain.table != "nat" || chain.name != "KUBE-SERVICES") continue;
    for (const std::string& rule : chain.rules) {
      std::string_view target = netconf::jump_target(rule);
      if (of_service(target) || target == "KUBE-NODEPORTS") return true;
    }
  }
  return false;
}

std::vector<std::vector<IptablesOp>> without_iptables_mode(const IptablesState& rules) {
  const std::set<ChainName> chains = deletable(rules);
  std::vector<std::vector<IptablesOp>> parts;
  auto add = [&](IptablesOp op) {
    if (parts.empty() || parts.back().size() >= kPart) parts.emplace_back();
    parts.back().push_back(std::move(op));
  };
  for (const IptablesChain& chain : rules) {
    for (const std::string& rule : chain.rules) {
      bool leads_nowhere = own_jump(chain, rule) &&
                           chains.contains({chain.table, std::string(netconf::jump_target(rule))});
      if (leads_nowhere || stray_jump(chain, rule)) {
        add(DeleteRule{chain.table, chain.name, rule});
      }
    }
  }
  std::vector<ChainName> order(chains.begin(), chains.end());
  // KUBE-NODEPORTS and the like lead to chains of Services.
  auto rank = [](const ChainName& chain) {
    return of_service(chain.second) ? service_chain_rank(chain.second) + 1 : 0;
  };
  std::ranges::stable_sort(order, {}, rank);
  for (const auto& [table, name] : order) add(DeleteChain{table, name});
  return parts;
}

bool shared_with_iptables_mode(std::string_view table, std::string_view chain) {
  if (table == "nat") {
    return chain == "KUBE-SERVICES" || chain == "KUBE-POSTROUTING" || chain == "KUBE-MARK-MASQ";
  }
  return table == "filter" && (chain == "KUBE-FORWARD" || chain == "KUBE-PROXY-FIREWALL");
}

bool of_nftables_mode(const netconf::NftTable& table) { return table.name == "kube-proxy"; }

}  // namespace agent
