#include "tests/fakes/fake_iptables.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "tests/fakes/log_suffix.h"

namespace fakes {
namespace {

using base::Code;
using base::Family;
using base::Result;
using base::Status;

constexpr std::array<std::string_view, 11> kTargets = {"ACCEPT",     "DROP", "RETURN",  "REJECT",
                                                       "MASQUERADE", "MARK", "DNAT",    "SNAT",
                                                       "LOG",        "SET",  "CONNMARK"};

const std::map<std::string, std::vector<std::string>>& builtin_chains() {
  static const std::map<std::string, std::vector<std::string>> chains = {
      {"nat", {"PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"}},
      {"filter", {"INPUT", "FORWARD", "OUTPUT"}},
      {"mangle", {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}},
      {"raw", {"PREROUTING", "OUTPUT"}},
  };
  return chains;
}

bool is_builtin(const std::string& table, const std::string& chain) {
  auto found = builtin_chains().find(table);
  return found != builtin_chains().end() && std::ranges::count(found->second, chain) > 0;
}

// The word behind each occurrence of the option.
std::vector<std::string> values_of(const std::string& rule, std::string_view option) {
  std::vector<std::string> values;
  const std::string key = " " + std::string(option) + " ";
  const std::string padded = " " + rule + " ";
  for (std::size_t at = padded.find(key); at != std::string::npos; at = padded.find(key, at + 1)) {
    std::size_t begin = at + key.size();
    values.push_back(padded.substr(begin, padded.find(' ', begin) - begin));
  }
  return values;
}

std::vector<std::string> sets_of(const std::string& rule) {
  std::vector<std::string> sets = values_of(rule, "--match-set");
  std::ranges::move(values_of(rule, "--map-set"), std::back_inserter(sets));
  return sets;
}

bool is_jumped_to(const FakeIptables::Chains& chains, const std::string& target) {
  for (const auto& [name, rules] : chains) {
    for (const std::string& rule : rules) {
      if (std::ranges::count(values_of(rule, "-j"), target) > 0) return true;
    }
  }
  return false;
}

Status refused(std::string why) { return Status(Code::kInvalidArgument, std::move(why)); }

}  // namespace

FakeIptables::FakeIptables(FakeIpsetTable* sets) : sets_(sets) {
  for (Family family : {Family::kIpv4, Family::kIpv6}) {
    for (const auto& [table, names] : builtin_chains()) {
      for (const std::string& name : names) tables_[family][table][name];
    }
  }
}

Result<netconf::IptablesState> FakeIptables::read(Family family,
                                                  std::span<const std::string> tables) {
  ++read_count_;
  netconf::IptablesState state;
  for (const std::string& table : std::set<std::string>(tables.begin(), tables.end())) {
    auto found = tables_[family].find(table);
    if (found == tables_[family].end()) {
      return Status(Code::kUnsupported, "there is no iptables table \"" + table + "\"");
    }
    for (const auto& [name, rules] : found->second) state.push_back({table, name, rules});
  }
  return state;
}

std::future<Result<netconf::IptablesState>> FakeIptables::begin_read(
    Family family, std::vector<std::string> tables) {
  if (!readings_held_) return netconf::IptablesRules::begin_read(family, std::move(tables));
  held_.push_back({{}, read(family, tables)});
  return held_.back().promise.get_future();
}

void FakeIptables::let_readings_go() {
  readings_held_ = false;
  for (Held& held : held_) held.promise.set_value(std::move(held.outcome));
  held_.clear();
}

std::vector<Status> FakeIptables::apply(Family family, std::span<const netconf::IptablesOp> ops) {
  std::vector<std::pair<std::string, std::vector<const netconf::IptablesOp*>>> by_table;
  for (const netconf::IptablesOp& op : ops) {
    const std::string& table = table_of(op);
    auto place = std::ranges::find_if(by_table, [&](auto& one) { return one.first == table; });
    if (place == by_table.end()) place = by_table.insert(by_table.end(), {table, {}});
    place->second.push_back(&op);
  }
  std::ranges::sort(by_table, {}, [](const auto& one) {
    return std::pair(one.first == "nat" ? 0 : one.first == "filter" ? 1 : 2, one.first);
  });
  Status outcome;
  for (const auto& [table, table_ops] : by_table) {
    outcome = apply_table(family, table, table_ops);
    if (!outcome) break;
  }
  if (ops.empty()) return {};
  mark_referenced_sets();
  std::string line = std::string(base::to_string(family)) + "\n" + netconf::to_restore_text(ops);
  if (!outcome) line += log_suffix(outcome).substr(1);
  log_.push_back(std::move(line));
  return std::vector<Status>(ops.size(), outcome);
}

Status FakeIptables::apply_table(Family family, const std::string& table,
                                 std::span<const netconf::IptablesOp* const> ops) {
  if (refused_tables_.contains(table)) {
    return Status(Code::kUnsupported, "iptables knows no table " + table);
  }
  if (!builtin_chains().contains(table)) {
    return Status(Code::kUnsupported, "there is no iptables table \"" + table + "\"");
  }
  Chains chains = tables_[family][table];
  std::vector<std::string> deleted;
  for (const netconf::IptablesOp* op : ops) {
    if (const auto* write = std::get_if<netconf::WriteChain>(op)) {
      if (!is_builtin(table, write->chain.name)) chains[write->chain.name].clear();
    } else if (const auto* remove = std::get_if<netconf::DeleteChain>(op)) {
      if (is_builtin(table, remove->name)) return refused("cannot delete " + remove->name);
      chains[remove->name].clear();
      deleted.push_back(remove->name);
    }
  }
  for (const netconf::IptablesOp* op : ops) {
    if (const auto* write = std::get_if<netconf::WriteChain>(op)) {
      for (const std::string& rule : write->chain.rules) {
        Status checked = check_rule(chains, rule);
        if (!checked) return checked;
        chains[write->chain.name].push_back(rule);
      }
    } else if (const auto* insert = std::get_if<netconf::InsertRule>(op)) {
      Status checked = check_rule(chains, insert->rule);
      if (!checked) return checked;
      auto chain = chains.find(insert->chain);
      if (chain == chains.end()) return refused("there is no chain " + insert->chain);
      chain->second.insert(chain->second.begin(), insert->rule);
    } else if (const auto* remove = std::get_if<netconf::DeleteRule>(op)) {
      auto chain = chains.find(remove->chain);
      if (chain == chains.end()) return refused("there is no chain " + remove->chain);
      auto rule = std::ranges::find(chain->second, remove->rule);
      if (rule == chain->second.end()) return refused("there is no rule " + remove->rule);
      chain->second.erase(rule);
    }
  }
  for (const std::string& name : deleted) {
    if (is_jumped_to(chains, name)) return refused("chain " + name + " is jumped to");
    chains.erase(name);
  }
  tables_[family][table] = std::move(chains);
  return Status();
}

Status FakeIptables::check_rule(const Chains& chains, const std::string& rule) const {
  for (const std::string& target : values_of(rule, "-j")) {
    if (!chains.contains(target) && std::ranges::count(kTargets, target) == 0) {
      return refused("there is no chain or target " + target);
    }
  }
  for (const std::string& set : sets_of(rule)) {
    if (sets_ != nullptr && !sets_->exists(set)) return refused("set " + set + " does not exist");
  }
  return Status();
}

void FakeIptables::mark_referenced_sets() {
  if (sets_ == nullptr) return;
  std::set<std::string> referenced;
  for (const auto& [family, tables] : tables_) {
    for (const auto& [table, chains] : tables) {
      for (const auto& [name, rules] : chains) {
        for (const std::string& rule : rules) {
          for (std::string& set : sets_of(rule)) referenced.insert(std::move(set));
        }
      }
    }
  }
  sets_->set_referenced(std::move(referenced));
}

}  // namespace fakes
