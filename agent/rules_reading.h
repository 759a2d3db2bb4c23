#ifndef IPVS_AGENT_AGENT_RULES_READING_H_
#define IPVS_AGENT_AGENT_RULES_READING_H_

#include <array>
#include <future>
#include <optional>

#include "base/ip_address.h"
#include "base/result.h"
#include "netconf/iptables_rules.h"

namespace agent {

// The rules of each family as they are read beside the loop: where others have tens of thousands of
// rules, iptables-save takes seconds, in which changes of the API are to be applied.
//
// Threading: that of the Host.
class RulesReading {
 public:
  struct Outcome {
    base::Result<netconf::IptablesState> rules;
    // Not ok: why `rules` are only of the tables that the agent cannot do without.
    base::Status without_mangle;
    bool retry = false;  // begin() was asked to by a retry
  };

  // `from` outlives it.
  explicit RulesReading(netconf::IptablesRules& from) : from_(from) {}

  // Begins to read the family, unless that goes on already.
  void begin(base::Family family, bool retry);
  // The rules were written: what is being read may be what was there before, and is read again.
  void outdate(base::Family family) { of(family).outdated = true; }
  bool goes_on(base::Family family) const { return of(family).rules.valid(); }
  // What begin() began, once, when it has ended.
  std::optional<Outcome> take(base::Family family);

 private:
  struct Reading {
    std::future<base::Result<netconf::IptablesState>> rules;
    base::Status refusal;  // of all tables at once
    bool retry = false;
    bool outdated = false;
  };
  Reading& of(base::Family family) { return readings_[family == base::Family::kIpv6]; }
  const Reading& of(base::Family family) const { return readings_[family == base::Family::kIpv6]; }

  netconf::IptablesRules& from_;
  std::array<Reading, 2> readings_;  // by family, IPv4 first
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_RULES_READING_H_
