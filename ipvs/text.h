#ifndef IPVS_AGENT_IPVS_TEXT_H_
#define IPVS_AGENT_IPVS_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ipvs/ipvs_table.h"

// The grammar of ipvsadm(8): operations as lines for `ipvsadm -R`, states as `ipvsadm -Sn` prints
// them. parse(print(x)) == x for everything the grammar can say (counters are not part of it).
namespace ipvs {

// "-a -t 10.96.0.1:80 -r 10.244.1.5:8080 -m -w 1", without a line end.
std::string to_text(const IpvsOp& op);
// The operation a line stands for. Errors: kInvalidArgument, with the word that was not understood.
base::Result<IpvsOp> parse_op(std::string_view line);

// The state as `ipvsadm -Sn` prints it (only -A and -a lines), sorted by key.
std::string to_text(const IpvsState& state);
base::Result<IpvsState> parse_state(std::string_view text);

}  // namespace ipvs

#endif  // IPVS_AGENT_IPVS_TEXT_H_
