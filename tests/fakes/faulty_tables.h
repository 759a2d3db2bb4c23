#ifndef IPVS_AGENT_TESTS_FAKES_FAULTY_TABLES_H_
#define IPVS_AGENT_TESTS_FAKES_FAULTY_TABLES_H_

#include <span>
#include <vector>

#include "ipvs/ipvs_table.h"
#include "netconf/address_table.h"
#include "tests/fakes/fault_plan.h"

namespace fakes {

// What a table decorated with faults answers: injected failures from `plan`, everything else from
// `table`.
template <typename Table, typename Op>
std::vector<base::Status> apply_with_faults(Table& table, FaultPlan& plan,
                                            std::span<const Op> ops) {
  std::vector<base::Status> statuses;
  statuses.reserve(ops.size());
  for (const Op& op : ops) {
    std::optional<Fault> fault = plan.next_operation();
    if (!fault || fault->carried_out) {
      base::Status status = std::move(table.apply(std::span<const Op>(&op, 1)).front());
      if (!fault) {
        statuses.push_back(std::move(status));
        continue;
      }
    }
    statuses.push_back(base::Status::from_errno(fault->error_number, "injected"));
  }
  return statuses;
}

// Any IpvsTable, with the failures of a plan.
//
// Ownership: neither the table nor the plan; both outlive it.
class FaultyIpvsTable final : public ipvs::IpvsTable {
 public:
  FaultyIpvsTable(ipvs::IpvsTable& table, FaultPlan& plan) : table_(table), plan_(plan) {}

  base::Result<ipvs::IpvsState> read() override {
    if (base::Status failure = plan_.next_read(); !failure) return failure;
    return table_.read();
  }
  base::Result<std::vector<ipvs::VirtualServerState>> read_virtual_servers() override {
    if (base::Status failure = plan_.next_read(); !failure) return failure;
    return table_.read_virtual_servers();
  }
  base::Result<std::vector<ipvs::VirtualServerState>> read_some(
      std::span<const ipvs::VirtualServerKey> keys) override {
    if (base::Status failure = plan_.next_read(); !failure) return failure;
    return table_.read_some(keys);
  }
  std::vector<base::Status> apply(std::span<const ipvs::IpvsOp> ops) override {
    return apply_with_faults(table_, plan_, ops);
  }

 private:
  ipvs::IpvsTable& table_;
  FaultPlan& plan_;
};

// Any AddressTable, with the failures of a plan.
//
// Ownership: neither the table nor the plan; both outlive it.
class FaultyAddressTable final : public netconf::AddressTable {
 public:
  FaultyAddressTable(netconf::AddressTable& table, FaultPlan& plan) : table_(table), plan_(plan) {}

  base::Result<netconf::AddressState> read() override {
    if (base::Status failure = plan_.next_read(); !failure) return failure;
    return table_.read();
  }
  std::vector<base::Status> apply(std::span<const netconf::AddressOp> ops) override {
    return apply_with_faults(table_, plan_, ops);
  }

 private:
  netconf::AddressTable& table_;
  FaultPlan& plan_;
};

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_FAULTY_TABLES_H_
