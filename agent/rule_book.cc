#include "agent/rule_book.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <variant>

namespace agent {
namespace {

using netconf::IptablesChain;

// Where the chain is in the sorted state, or belongs.
template <typename State>
auto place_of(State& state, std::string_view table, std::string_view name) {
  using Key = std::pair<std::string_view, std::string_view>;
  return std::ranges::lower_bound(state, Key(table, name), {}, [](const IptablesChain& chain) {
    return Key(chain.table, chain.name);
  });
}

const IptablesChain* find(const netconf::IptablesState& state, std::string_view table,
                          std::string_view name) {
  auto place = place_of(state, table, name);
  bool found = place != state.end() && place->table == table && place->name == name;
  return found ? &*place : nullptr;
}

}  // namespace

std::vector<netconf::IptablesOp> rules_change(const RuleBook& desired,
                                              const netconf::IptablesState& actual) {
  std::vector<netconf::IptablesOp> ops;
  for (const IptablesChain& chain : desired.chains) {
    const IptablesChain* present = find(actual, chain.table, chain.name);
    if (present == nullptr || present->rules != chain.rules) {
      ops.emplace_back(netconf::WriteChain{chain});
    }
  }
  for (const IptablesJump& jump : desired.idle_jumps) {
    const IptablesChain* present = find(actual, jump.table, jump.chain);
    if (present == nullptr) continue;
    for (auto times = std::count(present->rules.begin(), present->rules.end(), jump.rule);
         times > 0; --times) {
      ops.emplace_back(netconf::DeleteRule{jump.table, jump.chain, jump.rule});
    }
  }
  for (const IptablesChain& chain : desired.idle_chains) {
    if (find(actual, chain.table, chain.name) != nullptr) {
      ops.emplace_back(netconf::DeleteChain{chain.table, chain.name});
    }
  }
  for (const IptablesJump& jump : desired.jumps) {
    const IptablesChain* present = find(actual, jump.table, jump.chain);
    if (present == nullptr || std::find(present->rules.begin(), present->rules.end(), jump.rule) ==
                                  present->rules.end()) {
      ops.emplace_back(netconf::InsertRule{jump.table, jump.chain, jump.rule});
    }
  }
  return ops;
}

netconf::IptablesState after(netconf::IptablesState state,
                             const std::vector<netconf::IptablesOp>& ops) {
  auto chain = [&](const std::string& table, const std::string& name) -> IptablesChain& {
    auto place = place_of(state, table, name);
    if (place != state.end() && place->table == table && place->name == name) return *place;
    return *state.insert(place, {table, name, {}});
  };
  std::set<std::pair<std::string_view, std::string_view>> dropped;
  for (const netconf::IptablesOp& op : ops) {
    if (const auto* write = std::get_if<netconf::WriteChain>(&op)) {
      chain(write->chain.table, write->chain.name).rules = write->chain.rules;
    } else if (const auto* insert = std::get_if<netconf::InsertRule>(&op)) {
      std::vector<std::string>& rules = chain(insert->table, insert->chain).rules;
      rules.insert(rules.begin(), insert->rule);
    } else if (const auto* remove = std::get_if<netconf::DeleteRule>(&op)) {
      std::vector<std::string>& rules = chain(remove->table, remove->chain).rules;
      auto found = std::find(rules.begin(), rules.end(), remove->rule);
      if (found != rules.end()) rules.erase(found);
    } else if (const auto* drop = std::get_if<netconf::DeleteChain>(&op)) {
      dropped.emplace(drop->table, drop->name);
    }
  }
  // Of tens of thousands, thousands at once.
  if (!dropped.empty()) {
    std::erase_if(state, [&](const IptablesChain& present) {
      return dropped.contains({present.table, present.name});
    });
  }
  return state;
}

}  // namespace agent
