#ifndef IPVS_AGENT_TESTS_FAKES_FAULTY_NETCONF_H_
#define IPVS_AGENT_TESTS_FAKES_FAULTY_NETCONF_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "netconf/conntrack_table.h"
#include "netconf/ipset_table.h"
#include "netconf/iptables_rules.h"
#include "netconf/sysctls.h"
#include "tests/fakes/fault_plan.h"
#include "tests/fakes/faulty_tables.h"

namespace fakes {

// Any IpsetTable, with the failures of a plan.
//
// Ownership: neither the table nor the plan; both outlive it.
class FaultyIpsetTable final : public netconf::IpsetTable {
 public:
  FaultyIpsetTable(netconf::IpsetTable& table, FaultPlan& plan) : table_(table), plan_(plan) {}

  base::Result<std::vector<netconf::Ipset>> read(std::span<const std::string> names) override {
    if (base::Status failure = plan_.next_read(); !failure) return failure;
    return table_.read(names);
  }
  std::vector<base::Status> apply(std::span<const netconf::IpsetOp> ops) override {
    return apply_with_faults(table_, plan_, ops);
  }

 private:
  netconf::IpsetTable& table_;
  FaultPlan& plan_;
};

// Any IptablesRules, with the failures of a plan. A restore counts as one operation, since it is
// refused as a whole.
//
// Ownership: neither the rules nor the plan; both outlive it.
class FaultyIptables final : public netconf::IptablesRules {
 public:
  FaultyIptables(netconf::IptablesRules& rules, FaultPlan& plan) : rules_(rules), plan_(plan) {}

  base::Result<netconf::IptablesState> read(base::Family family,
                                            std::span<const std::string> tables) override {
    if (base::Status failure = plan_.next_read(); !failure) return failure;
    return rules_.read(family, tables);
  }
  std::future<base::Result<netconf::IptablesState>> begin_read(
      base::Family family, std::vector<std::string> tables) override {
    base::Status failure = plan_.next_read();
    if (failure.ok()) return rules_.begin_read(family, std::move(tables));
    std::promise<base::Result<netconf::IptablesState>> refused;
    refused.set_value(failure);
    return refused.get_future();
  }
  std::vector<base::Status> apply(base::Family family,
                                  std::span<const netconf::IptablesOp> ops) override {
    if (ops.empty()) return {};
    std::optional<Fault> fault = plan_.next_operation();
    if (!fault) return rules_.apply(family, ops);
    if (fault->carried_out) rules_.apply(family, ops);
    base::Status failure = base::Status::from_errno(fault->error_number, "injected");
    return std::vector<base::Status>(ops.size(), failure);
  }
  bool has_random_fully(base::Family family) override { return rules_.has_random_fully(family); }

 private:
  netconf::IptablesRules& rules_;
  FaultPlan& plan_;
};

// Any Sysctls, with the failures of a plan.
//
// Ownership: neither the settings nor the plan; both outlive it.
class FaultySysctls final : public netconf::Sysctls {
 public:
  FaultySysctls(netconf::Sysctls& sysctls, FaultPlan& plan) : sysctls_(sysctls), plan_(plan) {}

  base::Result<std::string> read(const std::string& name) override {
    if (base::Status failure = plan_.next_read(); !failure) return failure;
    return sysctls_.read(name);
  }
  bool is_fixed(const std::string& name) override { return sysctls_.is_fixed(name); }
  std::vector<base::Status> apply(std::span<const netconf::Sysctl> settings) override {
    return apply_with_faults(sysctls_, plan_, settings);
  }

 private:
  netconf::Sysctls& sysctls_;
  FaultPlan& plan_;
};

// Any ConntrackTable, with the failures of a plan.
//
// Ownership: neither the table nor the plan; both outlive it.
class FaultyConntrack final : public netconf::ConntrackTable {
 public:
  FaultyConntrack(netconf::ConntrackTable& table, FaultPlan& plan) : table_(table), plan_(plan) {}

  base::Result<netconf::FlowList> read_udp(base::Family family,
                                           const netconf::FlowFilter& wanted) override {
    if (base::Status failure = plan_.next_read(); !failure) return failure;
    return table_.read_udp(family, wanted);
  }
  std::vector<base::Status> apply(std::span<const netconf::DeleteFlow> ops) override {
    return apply_with_faults(table_, plan_, ops);
  }

 private:
  netconf::ConntrackTable& table_;
  FaultPlan& plan_;
};

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_FAULTY_NETCONF_H_
