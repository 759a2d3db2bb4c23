#ifndef IPVS_AGENT_AGENT_SET_MATCHES_H_
#define IPVS_AGENT_AGENT_SET_MATCHES_H_

#include <bitset>
#include <string>
#include <string_view>

#include "agent/service_sets.h"
#include "base/ip_address.h"

namespace agent {

// The match of iptables(8) that carries a comment, spelled as iptables-save prints it.
std::string comment_match(std::string_view text);

// Which of our sets rules of a family may be about, and the matches that look into them, spelled as
// iptables-save prints them. Directions are set(8)'s, one a dimension of the set: "dst,dst,src".
class SetMatches {
 public:
  // One bit a SetId. A set outside of `usable` could not be made: one rule that names it would make
  // the kernel refuse all of them.
  SetMatches(base::Family family, std::bitset<kSetCount> filled, std::bitset<kSetCount> usable)
      : family_(family), filled_(filled & usable), usable_(usable) {}

  base::Family family() const { return family_; }
  // Whether it is usable and has entries.
  bool filled(SetId set) const { return filled_[static_cast<std::size_t>(set)]; }
  bool usable(SetId set) const { return usable_[static_cast<std::size_t>(set)]; }

  // "-m set --match-set KUBE-CLUSTER-IP dst,dst"
  std::string in(SetId set, std::string_view directions) const;
  // The same behind the set's comment.
  std::string commented(SetId set, std::string_view directions) const;

 private:
  base::Family family_;
  std::bitset<kSetCount> filled_;
  std::bitset<kSetCount> usable_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_SET_MATCHES_H_
