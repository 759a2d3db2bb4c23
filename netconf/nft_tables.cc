#include "netconf/nft_tables.h"

namespace netconf {

std::string to_text(const DeleteNftTable& op) {
  return std::string("delete table ") + (op.table.family == base::Family::kIpv4 ? "ip " : "ip6 ") +
         op.table.name;
}

}  // namespace netconf
