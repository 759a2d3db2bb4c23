#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "agent/failure.h"
#include "agent/host.h"

// The rules of a Host: when they are looked at, read again and written.
namespace agent {
namespace {

using base::Family;
using base::Status;
using base::TimePoint;

// While rules are read beside the loop, it looks this often whether they are there.
constexpr std::chrono::milliseconds kLookAtReading(50);

}  // namespace

SetMask Host::filled_sets(Family family) const {
  SetMask filled;
  for (SetId id : all_sets()) {
    filled[static_cast<std::size_t>(id)] = !believed_.set(id, family).empty();
  }
  return filled;
}

bool Host::rules_may_differ() const {
  if (other_modes_.due() || whole_) return true;
  for (Family family : families()) {
    std::size_t index = family == Family::kIpv6;
    if (rules_[index] && !rendered_for_[index]) return true;
  }
  return false;
}

void Host::sync_rules(RoundReport& report, TimePoint now) {
  if (hold_rules_) return;
  for (Family family : families()) sync_rules(family, report, now);
}

// Looks at the rules only when sets became filled or empty, or when the rules were found to differ.
void Host::sync_rules(Family family, RoundReport& report, TimePoint now) {
  std::size_t index = family == Family::kIpv6;
  SetMask filled = filled_sets(family);
  if (!rules_[index] || rendered_for_[index] == filled) return;
  // A failure waits for its retry, which forgets what the rules were rendered for.
  rendered_for_[index] = filled;
  std::vector<netconf::IptablesOp> ops = rules_change(
      render_rules(options_.rules, family, filled, sets_.usable(family)), *rules_[index]);
  auto own = std::stable_partition(ops.begin(), ops.end(),
                                   [](const auto& op) { return !is_dispensable(op); });
  std::vector<netconf::IptablesOp> dispensable(own, ops.end());
  ops.erase(own, ops.end());
  write_rules(family, ops, report, now);
  write_own_rules(family, dispensable, report, now);
}

void Host::write_rules(Family family, const std::vector<netconf::IptablesOp>& ops,
                       RoundReport& report, TimePoint now) {
  if (ops.empty()) return;
  Status status = tables_.iptables.apply(family, ops).front();
  report.count(HostTable::kIptables, "restore", status);
  settle(RulesOf{family}, status, report, now);
  if (status.ok()) rules_written(family, ops, report);
}

// Takes note of rules that the kernel has.
void Host::rules_written(Family family, const std::vector<netconf::IptablesOp>& ops,
                         RoundReport& report) {
  const std::size_t index = family == Family::kIpv6;
  rules_[index] = after(std::move(*rules_[index]), ops);
  rules_reading_.outdate(family);
  if (report.lines.size() >= RoundReport::kMaxLines) return;
  report.lines.push_back(std::string(family == Family::kIpv4 ? "iptables" : "ip6tables") +
                         "-restore --noflush: " + std::to_string(ops.size()) +
                         " chains and jumps written");
}

// All tables; without the one that the agent can do without, where it cannot be read.
base::Result<netconf::IptablesState> Host::read_rules(Family family) {
  auto rules = tables_.iptables.read(family, rule_tables());
  if (rules.ok() || classify(rules.status()) != FailureClass::kRejected) return rules;
  auto without = tables_.iptables.read(family, needed_rule_tables());
  if (without.ok()) do_without_marks(family, rules.status());
  return without.ok() ? std::move(without) : std::move(rules);
}

void Host::read_rules_again(Family family, bool retry, TimePoint now) {
  rules_reading_.begin(family, retry);
  next_look_at_reading_ = now + kLookAtReading;
}

// Compares what was read, if that has ended, with what was written.
void Host::take_rules(Family family, std::vector<Drift>* drift, TimePoint now) {
  if (!rules_reading_.goes_on(family)) return;
  std::optional<RulesReading::Outcome> outcome = rules_reading_.take(family);
  next_look_at_reading_ = now + kLookAtReading;
  if (!outcome) return;
  std::size_t index = family == Family::kIpv6;
  base::Result<netconf::IptablesState>& rules = outcome->rules;
  std::string name = std::string(base::to_string(family)) + " iptables rules";
  table_health_.note("reading " + name, rules.status(), now);
  if (!rules.ok()) {
    problems_[name] = rules.status().message();
    if (outcome->retry) retries_.failed(RulesOf{family}, rules.status(), now);
    return;
  }
  problems_.erase(name);
  if (outcome->retry) retries_.resume(RulesOf{family});
  if (!outcome->without_mangle.ok()) do_without_marks(family, outcome->without_mangle);
  RuleBook desired =
      render_rules(options_.rules, family, filled_sets(family), sets_.usable(family));
  bool differs = !rules_change(desired, *rules).empty();
  bool believed_right = rules_[index] && rules_change(desired, *rules_[index]).empty();
  if (drift != nullptr && !outcome->retry && differs && believed_right) {
    drift->push_back({RulesOf{family}, "differ from what was written"});
  }
  rules_[index] = *std::move(rules);
  if (!rivals_.holds(RulesOf{family})) rendered_for_[index].reset();
  other_modes_.prove(family, !differs);
}

}  // namespace agent
