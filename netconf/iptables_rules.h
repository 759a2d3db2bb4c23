#ifndef IPVS_AGENT_NETCONF_IPTABLES_RULES_H_
#define IPVS_AGENT_NETCONF_IPTABLES_RULES_H_

#include <future>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace netconf {

// One chain of one table as iptables-save prints it: every rule is the text behind "-A CHAIN ",
// spelled the way iptables-save spells it, so that texts can be compared.
struct IptablesChain {
  std::string table;  // "nat", "filter", "mangle", "raw"
  std::string name;
  std::vector<std::string> rules;

  friend auto operator<=>(const IptablesChain&, const IptablesChain&) = default;
};

// All chains of the tables that were asked for, sorted by table and name.
using IptablesState = std::vector<IptablesChain>;

struct WriteChain {  // make the chain where it is missing and let it hold just these rules
  IptablesChain chain;
  friend bool operator==(const WriteChain&, const WriteChain&) = default;
};
struct InsertRule {  // -I CHAIN 1 RULE: before all others
  std::string table;
  std::string chain;
  std::string rule;
  friend bool operator==(const InsertRule&, const InsertRule&) = default;
};
struct DeleteRule {  // -D CHAIN RULE: the first that equals it; refused where there is none
  std::string table;
  std::string chain;
  std::string rule;
  friend bool operator==(const DeleteRule&, const DeleteRule&) = default;
};
struct DeleteChain {  // -F and -X; a chain that is not there is fine, one that is jumped to is
                      // refused
  std::string table;
  std::string name;
  friend bool operator==(const DeleteChain&, const DeleteChain&) = default;
};
using IptablesOp = std::variant<WriteChain, InsertRule, DeleteRule, DeleteChain>;

// The chain or target that the rule jumps or goes to: "KUBE-MARK-MASQ"; empty where it has none.
std::string_view jump_target(std::string_view rule);

// The table of the operation.
const std::string& table_of(const IptablesOp& op);

// The operations as one text for `iptables-restore --noflush` (iptables-restore(8)), tables in the
// order nat, filter, then the others by name. Within a table the chains are made first, chains are
// deleted last, and everything else keeps its order.
std::string to_restore_text(std::span<const IptablesOp> ops);
// The chains that `iptables-save` printed. Policies and counters are dropped. An empty text is an
// empty state; anything that iptables-save does not print is kCorrupt.
base::Result<IptablesState> parse_save_text(std::string_view text);

// The iptables rules of both families.
//
// Threading: one owner. Every call but begin_read() runs a process and waits for it, with a
// deadline; where others have tens of thousands of rules, iptables-save takes seconds.
// Errors: apply() is one iptables-restore of the family; each table is replaced atomically, so all
// operations share the outcome. A table that came before the refused one stays changed: read again
// after a failure. Missing iptables is kUnsupported and names the package.
class IptablesRules {
 public:
  virtual ~IptablesRules() = default;
  // The chains of `tables` in the family. A built-in chain without rules may be missing.
  virtual base::Result<IptablesState> read(base::Family family,
                                           std::span<const std::string> tables) = 0;
  // read() beside the caller, who may do anything else meanwhile: what is written before the end
  // may be in the outcome or not. One of each family at a time: another call, like the end of this
  // object, gives up what goes on (kCancelled).
  virtual std::future<base::Result<IptablesState>> begin_read(base::Family family,
                                                              std::vector<std::string> tables);
  virtual std::vector<base::Status> apply(base::Family family, std::span<const IptablesOp> ops) = 0;
  // Whether MASQUERADE can take --random-fully (iptables 1.6.2 and a kernel that knows it).
  virtual bool has_random_fully(base::Family family) = 0;
};

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_IPTABLES_RULES_H_
