#ifndef IPVS_AGENT_AGENT_OTHER_MODES_REMOVAL_H_
#define IPVS_AGENT_AGENT_OTHER_MODES_REMOVAL_H_

#include <bitset>
#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/round_report.h"
#include "base/clock.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "netconf/iptables_rules.h"
#include "netconf/nft_tables.h"

namespace agent {

// How far a node is taken over from kube-proxy's iptables or nftables mode: what of it is left to
// remove (see other_modes.h), and whether our own rules are known to do its work. A part of it goes
// a round, so that changes of the API are applied between two of them. When the removal may begin
// is for others to say.
//
// Threading: one owner.
// Errors: the first one of a removal counts. A part that fails ends that of its family; the whole
// is tried again at an audit.
class OtherModesRemoval {
 public:
  // Of what a failure is told.
  static constexpr char kProblem[] = "rules of kube-proxy's other modes";

  struct RemovedRules {
    base::Family family = base::Family::kIpv4;
    std::vector<netconf::IptablesOp> ops;
  };

  // The tables outlive it.
  OtherModesRemoval(netconf::IptablesRules& iptables, netconf::NftTables& nft)
      : iptables_(iptables), nft_(nft) {}

  // Since when a round is to go on with it; no value: it waits for an audit or a proof, or is over.
  std::optional<base::TimePoint> due() const;
  // An audit has come by.
  void audit(base::TimePoint now);
  // A round goes on with it.
  void begin_round() { due_ = false; }

  // The rules of these families are to be read back, as written, before anything of others goes.
  void ask_for_proof(std::span<const base::Family> families);
  // The rules of a family have been read: whether they are as they should be.
  void prove(base::Family family, bool right);
  // Whether all have been; a proof counts once.
  bool take_proof();

  // Nothing is left of it, or something is.
  void set_gone(bool gone) { gone_ = gone; }
  // The parts are to go, in order: all that the iptables mode left in the family.
  void remove(base::Family family, std::vector<std::vector<netconf::IptablesOp>> parts);
  bool has_parts() const { return !parts_.empty(); }
  // Removes the next part. Returns what is gone from the rules; no value if it failed.
  std::optional<RemovedRules> remove_part(RoundReport& report, base::TimePoint now);

  // What the nftables mode left. A kernel without nf_tables has none.
  base::Result<std::vector<netconf::DeleteNftTable>> nftables_mode() const;
  // Ends a removal, when no part is left: removes that, as it was read. Returns the first failure.
  base::Status finish(const base::Result<std::vector<netconf::DeleteNftTable>>& tables,
                      RoundReport& report);

 private:
  // A part of the rules that the iptables mode left in a family.
  struct Part {
    base::Family family = base::Family::kIpv4;
    std::vector<netconf::IptablesOp> ops;
    std::size_t of_family = 0;  // operations, in all its parts
    bool last = false;          // of the family
  };

  base::Status remove_nftables_mode(std::span<const netconf::DeleteNftTable> ops,
                                    RoundReport& report);

  netconf::IptablesRules& iptables_;
  netconf::NftTables& nft_;
  bool gone_ = false;
  bool due_ = false;
  base::TimePoint due_since_{};
  std::bitset<2> unproven_;  // families; IPv4 first
  bool proven_ = false;
  std::deque<Part> parts_;
  base::Status failure_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_OTHER_MODES_REMOVAL_H_
