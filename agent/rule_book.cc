#include "agent/rule_book.h"

#include <algorithm>
#include <string_view>
#include <variant>

namespace agent {
namespace {

using netconf::IptablesChain;

const IptablesChain* find(const netconf::IptablesState& state, std::string_view table,
                          std::string_view name) {
  for (const IptablesChain& chain : state) {
    if (chain.table == table && chain.name == name) return &chain;
  }
  return nullptr;
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
    auto found = std::find_if(state.begin(), state.end(), [&](const IptablesChain& candidate) {
      return candidate.table == table && candidate.name == name;
    });
    if (found != state.end()) return *found;
    state.push_back({table, name, {}});
    return state.back();
  };
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
      std::erase_if(state, [&](const IptablesChain& candidate) {
        return candidate.table == drop->table && candidate.name == drop->name;
      });
    }
  }
  std::sort(state.begin(), state.end());
  return state;
}

}  // namespace agent
