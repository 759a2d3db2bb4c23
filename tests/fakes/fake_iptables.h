#ifndef IPVS_AGENT_TESTS_FAKES_FAKE_IPTABLES_H_
#define IPVS_AGENT_TESTS_FAKES_FAKE_IPTABLES_H_

#include <future>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "netconf/iptables_rules.h"
#include "tests/fakes/fake_ipset_table.h"

namespace fakes {

// The iptables rules of both families in memory. Each table is replaced whole or not at all, and a
// rule is refused where iptables-restore would refuse it: it jumps to no chain, deletes no rule, or
// matches no set.
//
// Threading: one owner.
class FakeIptables final : public netconf::IptablesRules {
 public:
  // Chains of one table, by name.
  using Chains = std::map<std::string, std::vector<std::string>>;

  // With `sets`, a rule must name a set that is there, and a set that a rule names cannot be
  // destroyed. The sets must live longer.
  explicit FakeIptables(FakeIpsetTable* sets = nullptr);

  base::Result<netconf::IptablesState> read(base::Family family,
                                            std::span<const std::string> tables) override;
  std::future<base::Result<netconf::IptablesState>> begin_read(
      base::Family family, std::vector<std::string> tables) override;
  std::vector<base::Status> apply(base::Family family,
                                  std::span<const netconf::IptablesOp> ops) override;
  bool has_random_fully(base::Family) override { return random_fully_; }

  // Every restore ever applied, in order, as a line "IPv4" or "IPv6" and the text for
  // iptables-restore; a refused one ends in "# " and the error.
  const std::vector<std::string>& log() const { return log_; }
  void clear_log() { log_.clear(); }
  int read_count() const { return read_count_; }
  // What begin_read() begins from now on has read at once, and ends when it is let go.
  void hold_readings() { readings_held_ = true; }
  void let_readings_go();
  std::size_t held_readings() const { return held_.size(); }

  // The chains, for a look or for a change behind the agent's back.
  Chains& chains(base::Family family, const std::string& table) { return tables_[family][table]; }
  void set_random_fully(bool known) { random_fully_ = known; }
  // A kernel or an iptables that can do nothing with rules of this table.
  void refuse_table(const std::string& table) { refused_tables_.insert(table); }

 private:
  base::Status apply_table(base::Family family, const std::string& table,
                           std::span<const netconf::IptablesOp* const> ops);
  base::Status check_rule(const Chains& chains, const std::string& rule) const;
  void mark_referenced_sets();

  FakeIpsetTable* sets_;
  std::map<base::Family, std::map<std::string, Chains>> tables_;
  std::vector<std::string> log_;
  int read_count_ = 0;
  struct Held {
    std::promise<base::Result<netconf::IptablesState>> promise;
    base::Result<netconf::IptablesState> outcome;
  };
  bool readings_held_ = false;
  std::vector<Held> held_;
  bool random_fully_ = true;
  std::set<std::string> refused_tables_;
};

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_FAKE_IPTABLES_H_
