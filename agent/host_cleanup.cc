#include <algorithm>
#include <utility>

#include "agent/host.h"
#include "agent/other_modes.h"

// Leaving a host for good.
namespace agent {
namespace {

using base::Family;
using base::Status;

void keep_failures(std::vector<Status> statuses, std::vector<Status>& failures) {
  for (Status& status : statuses) {
    // What is gone already is what was asked for.
    if (!status.ok() && status.code() != base::Code::kNotFound) {
      failures.push_back(std::move(status));
    }
  }
}

bool is_of(const RuleBook& book, const netconf::IptablesChain& chain) {
  return std::any_of(book.chains.begin(), book.chains.end(), [&](const auto& own) {
    return own.table == chain.table && own.name == chain.name;
  });
}

}  // namespace

std::vector<Status> Host::clean_up() {
  std::vector<Status> failures;
  // What the sets list tells our virtual servers from others, so they are read first.
  for (Family family : families()) {
    for (SetId id : all_sets()) {
      std::vector<std::string> names = {set_name(id, family)};
      auto sets = tables_.ipsets.read(names);
      if (sets.ok() && !sets->empty() && sets->front().spec.type == set_type(id)) {
        (void)believed_.observe_set(id, family, sets->front().entries);
        remember_marks(sets->front().entries);
      }
    }
  }
  auto addresses = tables_.addresses.read();
  if (addresses.ok()) {
    (void)believed_.observe_addresses(addresses->bound);
    node_addresses_ = addresses->node;
  } else {
    failures.push_back(addresses.status());
  }
  auto servers = tables_.ipvs.read_virtual_servers();
  std::vector<ipvs::IpvsOp> deletions;
  if (servers.ok()) {
    for (const ipvs::VirtualServerState& state : *servers) {
      if (!is_ours(state.server.key)) continue;
      deletions.emplace_back(ipvs::DeleteVirtualServer{state.server.key});
    }
  } else {
    failures.push_back(servers.status());
  }
  // Before, so that flows go over to what serves beside us while IPVS still does; and after, for
  // those that have come back meanwhile.
  forget_carried_flows(deletions, failures);
  if (addresses.ok() && addresses->device_exists) {
    std::vector<netconf::AddressOp> device = {netconf::DeleteDevice{}};
    keep_failures(tables_.addresses.apply(device), failures);
  }
  keep_failures(tables_.ipvs.apply(deletions), failures);
  forget_carried_flows(deletions, failures);
  for (Family family : families()) {
    clean_rules(family, failures);
    clean_sets(family, failures);
  }
  return failures;
}

void Host::clean_rules(Family family, std::vector<Status>& failures) {
  auto rules = read_rules(family);
  if (!rules.ok()) {
    failures.push_back(rules.status());
    return;
  }
  auto chain_of = [&](const std::string& table, const std::string& name) {
    return std::find_if(rules->begin(), rules->end(), [&](const netconf::IptablesChain& chain) {
      return chain.table == table && chain.name == name;
    });
  };
  // Where kube-proxy in iptables mode has taken over, the chains of both are its own.
  const bool given_back = iptables_mode_serves(*rules);
  auto keeps = [&](const std::string& table, std::string_view chain) {
    return given_back && shared_with_iptables_mode(table, chain);
  };
  // Both lead to this chain, each with a comment of its own.
  auto shares = [&](const IptablesJump& jump) {
    std::string_view target = netconf::jump_target(jump.rule);
    return target != "KUBE-PROXY-FIREWALL" && keeps(jump.table, target);
  };
  std::vector<netconf::IptablesOp> ops;
  RuleBook book = render_rules(options_.rules, family, SetMask(), SetMask());
  book.jumps.insert(book.jumps.end(), book.idle_jumps.begin(), book.idle_jumps.end());
  book.chains.insert(book.chains.end(), book.idle_chains.begin(), book.idle_chains.end());
  for (const IptablesJump& jump : book.jumps) {
    auto chain = chain_of(jump.table, jump.chain);
    if (chain == rules->end() || shares(jump)) continue;
    auto times = std::count(chain->rules.begin(), chain->rules.end(), jump.rule);
    for (; times > 0; --times) {
      ops.emplace_back(netconf::DeleteRule{jump.table, jump.chain, jump.rule});
    }
  }
  // A chain of ours that a rule of others leads to cannot go; it is emptied, for its sets to go.
  auto foreign_referrer = [&](const netconf::IptablesChain& wanted) -> const std::string* {
    for (const netconf::IptablesChain& chain : *rules) {
      if (chain.table != wanted.table || is_of(book, chain)) continue;
      for (const std::string& rule : chain.rules) {
        bool of_ours = std::any_of(book.jumps.begin(), book.jumps.end(), [&](const auto& jump) {
          return jump.table == chain.table && jump.chain == chain.name && jump.rule == rule;
        });
        if (!of_ours && netconf::jump_target(rule) == wanted.name) return &chain.name;
      }
    }
    return nullptr;
  };
  // The book names a chain before those that it jumps to.
  for (const netconf::IptablesChain& chain : book.chains) {
    if (chain_of(chain.table, chain.name) == rules->end()) continue;
    if (keeps(chain.table, chain.name)) continue;
    if (const std::string* referrer = foreign_referrer(chain)) {
      ops.emplace_back(netconf::WriteChain{{chain.table, chain.name, {}}});
      failures.emplace_back(base::Code::kUnavailable,
                            std::string(base::to_string(family)) + " chain " + chain.name +
                                " of table " + chain.table +
                                " stays, empty: a rule of others in chain " + *referrer +
                                " leads to it; delete that rule and clean up again");
      continue;
    }
    ops.emplace_back(netconf::DeleteChain{chain.table, chain.name});
  }
  if (ops.empty()) return;
  // One restore: all operations share its outcome.
  Status status = tables_.iptables.apply(family, ops).front();
  if (!status.ok()) failures.push_back(status);
}

void Host::clean_sets(Family family, std::vector<Status>& failures) {
  for (SetId id : all_sets()) {
    std::vector<std::string> names = {set_name(id, family)};
    auto sets = tables_.ipsets.read(names);
    if (sets.ok() && sets->empty()) continue;
    keep_failures({sets_.destroy(id, family)}, failures);
  }
}

}  // namespace agent
