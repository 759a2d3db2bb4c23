#ifndef IPVS_AGENT_TESTS_FAKES_FAKE_IPSET_TABLE_H_
#define IPVS_AGENT_TESTS_FAKES_FAKE_IPSET_TABLE_H_

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "netconf/ipset_table.h"

namespace fakes {

// Ipsets in memory that refuse what the kernel refuses, with its errno.
//
// Threading: one owner.
class FakeIpsetTable final : public netconf::IpsetTable {
 public:
  base::Result<std::vector<netconf::Ipset>> read(std::span<const std::string> names) override;
  std::vector<base::Status> apply(std::span<const netconf::IpsetOp> ops) override;

  // Every operation ever applied, in order, as its `ipset restore` line; a refused one with its
  // error behind it: "destroy KUBE-CLUSTER-IP # EBUSY".
  const std::vector<std::string>& log() const { return log_; }
  void clear_log() { log_.clear(); }
  int batch_count() const { return batch_count_; }  // calls of apply() with an operation
  int read_count() const { return read_count_; }

  // All sets, by name, for a look or for a change behind the agent's back.
  std::map<std::string, netconf::Ipset>& sets() { return sets_; }
  bool exists(const std::string& name) const { return sets_.contains(name); }
  // The sets that a rule refers to; they cannot be destroyed.
  void set_referenced(std::set<std::string> names) { referenced_ = std::move(names); }
  // Full sets go on taking entries of even addresses, as the kernel's do for those parts of a large
  // hash that have room.
  void set_uneven(bool uneven) { uneven_ = uneven; }

 private:
  base::Status apply_one(const netconf::IpsetOp& op);
  base::Status create(const netconf::CreateIpset& op);
  base::Status destroy(const netconf::DestroyIpset& op);
  base::Status swap(const netconf::SwapIpsets& op);
  base::Status add(const netconf::AddIpsetEntry& op);
  base::Status remove(const netconf::DeleteIpsetEntry& op);

  std::map<std::string, netconf::Ipset> sets_;
  std::set<std::string> referenced_;
  std::vector<std::string> log_;
  int batch_count_ = 0;
  int read_count_ = 0;
  bool uneven_ = false;
};

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_FAKE_IPSET_TABLE_H_
