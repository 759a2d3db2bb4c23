#ifndef IPVS_AGENT_NETCONF_NFT_TABLES_H_
#define IPVS_AGENT_NETCONF_NFT_TABLES_H_

#include <span>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace netconf {

// A table of nftables in its families ip and ip6 (nft(8)): whole rule sets, each its owner's own.
// Those of iptables-nft are among them.
struct NftTable {
  base::Family family = base::Family::kIpv4;
  std::string name;

  friend auto operator<=>(const NftTable&, const NftTable&) = default;
};

struct DeleteNftTable {  // with everything in it; refused where there is none
  NftTable table;
  friend bool operator==(const DeleteNftTable&, const DeleteNftTable&) = default;
};

// "delete table ip NAME", for nft(8).
std::string to_text(const DeleteNftTable& op);

// The tables of nftables by name; what they hold is their owners' matter.
//
// Threading: one owner.
// Errors: a kernel without nf_tables is kUnsupported.
class NftTables {
 public:
  virtual ~NftTables() = default;
  // All tables of the families ip and ip6, sorted.
  virtual base::Result<std::vector<NftTable>> read() = 0;
  virtual std::vector<base::Status> apply(std::span<const DeleteNftTable> ops) = 0;
};

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_NFT_TABLES_H_
