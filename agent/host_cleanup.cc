#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

// A client that goes on from the same port would otherwise not meet what serves the address from
// now on: rules that translate look at the first packet of a flow only. What such a rule translates
// already, of a mode that was here before us or comes after us, stays as it is.
void forget_carried_flows(netconf::ConntrackTable& table, const std::vector<Family>& families,
                          std::span<const ipvs::IpvsOp> deletions, std::vector<Status>& failures) {
  std::set<ipvs::VirtualServerKey> gone;
  for (const ipvs::IpvsOp& op : deletions) {
    const auto* deletion = std::get_if<ipvs::DeleteVirtualServer>(&op);
    if (deletion != nullptr) gone.insert(deletion->key);
  }
  for (Family family : families) {
    auto carried = [&](const netconf::Flow& flow) {
      return !flow.translated && gone.contains({.address = flow.original.destination,
                                                .port = flow.original.destination_port,
                                                .protocol = base::Protocol::kUdp});
    };
    auto flows = table.read_udp(family, carried);
    if (!flows.ok()) {
      // Where nothing is tracked, nothing is to be forgotten.
      if (flows.status().code() != base::Code::kUnsupported) failures.push_back(flows.status());
      continue;
    }
    std::vector<netconf::DeleteFlow> ops;
    ops.reserve(flows->flows.size());
    for (const netconf::Flow& flow : flows->flows) ops.push_back({flow});
    for (Status& status : table.apply(ops)) {
      if (!status.ok() && status.code() != base::Code::kNotFound) {
        failures.push_back(std::move(status));
      }
    }
  }
}

// Takes what is ours out of the rules of the family, which have just been read.
void clean_rules(netconf::IptablesRules& kernel, const RulesPolicy& policy, Family family,
                 const base::Result<netconf::IptablesState>& rules, std::vector<Status>& failures) {
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
  RuleBook book = render_rules(policy, family, SetMask(), SetMask());
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
  Status status = kernel.apply(family, ops).front();
  if (!status.ok()) failures.push_back(status);
}

void clean_sets(netconf::IpsetTable& table, KernelSets& own, Family family,
                std::vector<Status>& failures) {
  for (SetId id : all_sets()) {
    std::vector<std::string> names = {set_name(id, family)};
    auto sets = table.read(names);
    if (sets.ok() && sets->empty()) continue;
    keep_failures({own.destroy(id, family)}, failures);
  }
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
  forget_carried_flows(tables_.conntrack, families(), deletions, failures);
  if (addresses.ok() && addresses->device_exists) {
    std::vector<netconf::AddressOp> device = {netconf::DeleteDevice{}};
    keep_failures(tables_.addresses.apply(device), failures);
  }
  keep_failures(tables_.ipvs.apply(deletions), failures);
  forget_carried_flows(tables_.conntrack, families(), deletions, failures);
  for (Family family : families()) {
    clean_rules(tables_.iptables, options_.rules, family, read_rules(family), failures);
    clean_sets(tables_.ipsets, sets_, family, failures);
  }
  return failures;
}

}  // namespace agent
