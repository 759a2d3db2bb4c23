#ifndef IPVS_AGENT_AGENT_KERNEL_SETS_H_
#define IPVS_AGENT_AGENT_KERNEL_SETS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "agent/desired_host.h"
#include "agent/masquerade_rules.h"
#include "agent/service_sets.h"
#include "base/result.h"
#include "netconf/ipset_table.h"

namespace agent {

// Our ipsets as objects of the kernel: which of them rules and entries can use, which exist of
// those that are made at need, and for how many entries each has room. What is in them is for
// others to know.
//
// Threading: one owner.
class KernelSets {
 public:
  // `max_elements`: of sets that are made. The table must live longer.
  KernelSets(netconf::IpsetTable& table, std::uint32_t max_elements)
      : table_(table), max_elements_(max_elements) {}

  // A set as we make it.
  netconf::IpsetSpec spec(SetId id, base::Family family) const;

  // Makes a set that is missing, unless it is one that is made at need, and returns the entries of
  // one that is there. One of our name that was made with other parameters is kept whatever its
  // size if it is of the right type; of the wrong type it is replaced if nothing uses it. It is
  // usable() from then on, or with an error is not. Errors: kAlreadyExists if it is of others and
  // in use.
  base::Result<std::vector<netconf::IpsetEntry>> prepare(SetId id, base::Family family);
  // Makes a set with our parameters, which is not there.
  base::Status create(SetId id, base::Family family);
  // The same for one that is usable, made at need, and not there yet. Nothing for others.
  base::Status create_at_need(SetId id, base::Family family);
  base::Status destroy(SetId id, base::Family family);
  // Adds one entry.
  base::Status add(const SetEntry& entry);

  // Whether entries and rules may use it.
  bool usable(SetId id, base::Family family) const { return usable(family)[position(id)]; }
  const SetMask& usable(base::Family family) const { return usable_[at(family)]; }
  void take_all_as_usable(base::Family family) { usable_[at(family)].set(); }
  void give_up(SetId id, base::Family family) { usable_[at(family)].reset(position(id)); }

  // Whether it is one that is made at need, and exists.
  bool made(SetId id, base::Family family) const { return made_[at(family)][position(id)]; }
  // Somebody looked whether it is there.
  void observe(SetId id, base::Family family, bool exists) {
    made_[at(family)].set(position(id), exists && made_at_need(id));
  }

  // How many entries it takes.
  std::uint32_t capacity(SetId id, base::Family family) const {
    return capacity_[set_index(id, family)];
  }
  // It was seen to take as many.
  void has_at_least(SetId id, base::Family family, std::uint32_t capacity);
  // Replaces a full set by one of twice its size with these entries, in one atomic swap: rules that
  // match it never see it empty.
  struct Growth {
    bool grown = false;
    base::Status status;  // the first failure, or that of taking away the small one in the end
  };
  Growth grow(SetId id, base::Family family,
              const std::unordered_set<netconf::IpsetEntry>& entries);

 private:
  static std::size_t at(base::Family family) { return family == base::Family::kIpv6 ? 1 : 0; }
  static std::size_t position(SetId id) { return static_cast<std::size_t>(id); }
  base::Result<std::vector<netconf::IpsetEntry>> find_or_create(SetId id, base::Family family);
  base::Status change(netconf::IpsetOp op);

  netconf::IpsetTable& table_;
  const std::uint32_t max_elements_;
  std::array<SetMask, 2> usable_;  // by family, IPv4 first
  std::array<SetMask, 2> made_;    // by family
  std::array<std::uint32_t, kSetCount * 2> capacity_{};
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_KERNEL_SETS_H_
