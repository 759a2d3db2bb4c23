#ifndef IPVS_AGENT_NETCONF_IPSET_SAVE_H_
#define IPVS_AGENT_NETCONF_IPSET_SAVE_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "netconf/ipset_table.h"

namespace netconf {

// Reads what `ipset save` prints, in pieces that may end anywhere, so that the text of a large set
// is never held whole.
//
// Errors: the first line that cannot be understood is remembered and told by finish(). An entry
// that IpsetEntry cannot express is no error but one of Ipset::foreign_entries.
class IpsetSaveParser {
 public:
  void feed(std::string_view piece);

  // The sets that were read, sorted by name, entries sorted; the parser is empty afterwards.
  // kUnsupported for a set of a type that IpsetType lacks, kCorrupt for a text of another kind.
  base::Result<std::vector<Ipset>> finish();

 private:
  void line(std::string_view text);
  base::Status create(std::string_view text);
  base::Status add(std::string_view text);

  std::string partial_;  // a line whose end has not come yet
  std::map<std::string, Ipset, std::less<>> sets_;
  base::Status failure_;
};

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_IPSET_SAVE_H_
