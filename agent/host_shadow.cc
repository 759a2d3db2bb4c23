#include <algorithm>
#include <array>
#include <chrono>
#include <utility>
#include <variant>

#include "agent/host.h"
#include "agent/other_modes.h"
#include "ipvs/text.h"

// A Host in shadow mode: it reads, compares and tells, and writes nothing.
namespace agent {
namespace {

using base::Family;

// When plans have been made with other marks.
constexpr std::chrono::seconds kReplanned(1);

// The operations as commands for a shell, chains before what jumps to them.
std::vector<std::string> shell_lines(Family family, const netconf::IptablesState& actual,
                                     const std::vector<netconf::IptablesOp>& ops) {
  const std::string tool = family == Family::kIpv4 ? "iptables -t " : "ip6tables -t ";
  std::vector<std::string> lines;
  for (const netconf::IptablesOp& op : ops) {
    const auto* write = std::get_if<netconf::WriteChain>(&op);
    if (write == nullptr) continue;
    const netconf::IptablesChain& chain = write->chain;
    bool there = std::ranges::any_of(actual, [&](const netconf::IptablesChain& other) {
      return other.table == chain.table && other.name == chain.name;
    });
    lines.push_back(tool + chain.table + (there ? " -F " : " -N ") + chain.name);
  }
  struct Visitor {
    const std::string& tool;
    std::vector<std::string>& lines;
    void operator()(const netconf::WriteChain& op) const {
      for (const std::string& rule : op.chain.rules) {
        lines.push_back(tool + op.chain.table + " -A " + op.chain.name + " " + rule);
      }
    }
    void operator()(const netconf::InsertRule& op) const {
      lines.push_back(tool + op.table + " -I " + op.chain + " 1 " + op.rule);
    }
    void operator()(const netconf::DeleteRule& op) const {
      lines.push_back(tool + op.table + " -D " + op.chain + " " + op.rule);
    }
    void operator()(const netconf::DeleteChain& op) const {
      lines.push_back(tool + op.table + " -F " + op.name);
      lines.push_back(tool + op.table + " -X " + op.name);
    }
  };
  for (const netconf::IptablesOp& op : ops) std::visit(Visitor{tool, lines}, op);
  return lines;
}

// The sets that shall have entries; by family.
std::array<SetMask, 2> wanted_sets(const DesiredHost& desired) {
  std::array<SetMask, 2> filled;
  for (const SetEntry& entry : desired.everything().set_entries) {
    if (!desired.wants(entry)) continue;
    filled[entry.family == Family::kIpv6].set(static_cast<std::size_t>(entry.set));
  }
  return filled;
}

}  // namespace

// What plans depend on: the node's addresses, that every set can be used, and the marks that
// whoever works here gave.
void Host::prepare_shadow() {
  auto addresses = tables_.addresses.read();
  if (addresses.ok()) node_addresses_ = std::move(addresses->node);
  for (Family family : families()) sets_.take_all_as_usable(family);
  read_marks();
  avoid_foreign_marks();
}

// What else a real agent would make or set, as commands; believed things are forgotten, since
// whoever works here has changed them.
void Host::look_around() {
  believed_ = BelievedHost();
  foreign_.clear();
  missing_.clear();
  look_at_sysctls();
  auto addresses = tables_.addresses.read();
  if (addresses.ok() && !addresses->device_exists) {
    missing_.emplace_back("address", "ip link add " + options_.device + " type dummy");
  }
  if (addresses.ok()) {
    for (const base::IpAddress& address : addresses->lent) {
      netconf::AddressOp reserve = netconf::ReserveAddress{address};
      missing_.emplace_back("address", "ip " + netconf::to_text(reserve, options_.device));
    }
  }
  const std::array<SetMask, 2> filled = wanted_sets(desired_);
  for (Family family : families()) {
    const std::size_t index = family == Family::kIpv6;
    for (SetId id : all_sets()) {
      std::vector<std::string> names = {set_name(id, family)};
      auto sets = tables_.ipsets.read(names);
      if (!sets.ok()) continue;
      sets_.observe(id, family, !sets->empty());
      const bool unneeded = made_at_need(id) && !filled[index][static_cast<std::size_t>(id)];
      if (!sets->empty() || unneeded) continue;
      missing_.emplace_back(
          "ipset",
          "ipset " + to_text(netconf::IpsetOp(netconf::CreateIpset{sets_.spec(id, family)})));
    }
    auto rules = read_rules(family);
    if (rules.ok()) rules_[index] = *std::move(rules);
  }
  whole_ = true;
}

// One that nobody can change from here is no difference between two agents.
void Host::look_at_sysctls() {
  for (const netconf::Sysctl& setting : options_.sysctls) {
    const std::string name = "sysctl " + setting.name;
    problems_.erase(name);
    auto value = tables_.sysctls.read(setting.name);
    if (!value.ok() || is_right(setting, *value)) continue;
    if (tables_.sysctls.is_fixed(setting.name)) {
      problems_[name] = "is " + *value + ", not " + setting.value +
                        ", and only the host's own network namespace may change it: set it on the "
                        "host with sysctl -w";
    } else {
      missing_.emplace_back("sysctl", "sysctl -w " + setting.name + "=" + setting.value);
    }
  }
}

void Host::look_at_timeouts(const ipvs::Timeouts& actual) {
  const ipvs::Timeouts& wanted = options_.timeouts;  // 0 leaves what is there
  auto differs = [](std::uint32_t want, std::uint32_t is) { return want != 0 && want != is; };
  if (differs(wanted.tcp_s, actual.tcp_s) || differs(wanted.tcp_fin_s, actual.tcp_fin_s) ||
      differs(wanted.udp_s, actual.udp_s)) {
    missing_.emplace_back("ipvs", "ipvsadm " + ipvs::to_text(ipvs::SetTimeouts{wanted}));
  }
}

RoundReport Host::compare(Touched touched) {
  RoundReport report;
  ShadowFindings& shadow = report.shadow.emplace();
  shadow.whole = std::exchange(whole_, false);
  std::vector<std::string> lines;
  auto add = [&](std::vector<std::string> more) {
    std::move(more.begin(), more.end(), std::back_inserter(lines));
  };
  if (shadow.whole) {
    for (const auto& [table, line] : missing_) {
      ++shadow.differences[table];
      lines.push_back(line);
    }
  }
  HostChange change = plan(std::move(touched));
  shadow.differences["ipvs"] += change.remove.size() + change.serve.size();
  shadow.differences["address"] += change.bind.size() + change.unbind.size();
  shadow.differences["ipset"] += change.add_entries.size() + change.remove_entries.size() +
                                 change.steer.size() + change.stop_steering.size();
  add(change.lines(options_.device));
  for (Family family : families()) {
    const std::size_t index = family == Family::kIpv6;
    if (!shadow.whole || !rules_[index]) continue;
    const SetMask filled = wanted_sets(desired_)[index];
    add(missing_rules(family, filled, shadow.differences["iptables"]));
    for (SetId id : all_sets()) {
      if (!sets_.made(id, family) || filled[static_cast<std::size_t>(id)]) continue;
      ++shadow.differences["ipset"];
      lines.push_back("ipset destroy " + set_name(id, family));
    }
    rendered_for_[index] = filled_sets(family);
  }
  if (shadow.whole) {
    auto tables = other_modes_.nftables_mode();
    const std::size_t left = tables.ok() ? tables->size() : 0;
    shadow.differences["iptables"] += left;
    for (std::size_t i = 0; i < left; ++i) add({"nft " + netconf::to_text((*tables)[i])});
  }
  shadow.lines = lines.size();
  lines.resize(std::min(lines.size(), RoundReport::kMaxLines));
  report.lines = std::move(lines);
  next_drain_poll_ = base::TimePoint::max();
  return report;
}

// What our rules lack, and then what kube-proxy's iptables mode would leave behind them.
std::vector<std::string> Host::missing_rules(Family family, SetMask filled,
                                             std::size_t& operations) {
  const std::size_t index = family == Family::kIpv6;
  auto ops = rules_change(render_rules(options_.rules, family, filled, sets_.usable(family)),
                          *rules_[index]);
  operations += ops.size();
  std::vector<std::string> lines = shell_lines(family, *rules_[index], ops);
  netconf::IptablesState rules = after(*rules_[index], ops);
  for (const std::vector<netconf::IptablesOp>& part : without_iptables_mode(rules)) {
    operations += part.size();
    for (std::string& line : shell_lines(family, rules, part)) lines.push_back(std::move(line));
  }
  return lines;
}

// Everything is read anew at each period: what is believed may have been changed by whoever works.
Touched Host::audit_shadow(base::TimePoint now) {
  audit_slices_.set_due(now + options_.audit_period);
  marks_taken_over_ = !marks_taken_over_ && take_over_marks();
  if (marks_taken_over_) {
    audit_slices_.set_due(now + std::min<base::Duration>(options_.audit_period, kReplanned));
    return {};
  }
  auto everything = read_all(now);
  whole_ = everything.ok();
  if (!everything.ok()) {
    problems_["shadow"] = everything.status().message();
    return {};
  }
  problems_.erase("shadow");
  return *std::move(everything);
}

}  // namespace agent
