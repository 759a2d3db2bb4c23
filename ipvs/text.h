#ifndef IPVS_AGENT_IPVS_TEXT_H_
#define IPVS_AGENT_IPVS_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ipvs/ipvs_table.h"

// The grammar of ipvsadm(8): operations as lines for `ipvsadm -R`, states as `ipvsadm -Sn` prints
// them. parse(print(x)) == x for everything the grammar can say: not counters, not the persistence
// prefix of a virtual server without kFlagPersistent, not a tunnel's settings without kTunnel.
namespace ipvs {

// "-a -t 10.96.0.1:80 -r 10.244.1.5:8080 -m -w 1", without a line end.
std::string to_text(const IpvsOp& op);
// The operation a line stands for. Errors: kInvalidArgument, with the word that was not understood.
base::Result<IpvsOp> parse_op(std::string_view line);

// The state as `ipvsadm -Sn` prints it (only -A and -a lines), in the order of the state. Two
// things ipvsadm 1.31 leaves out of its own listing are kept here: thresholds (-x, -y) and flags
// that the scheduler has no name for.
std::string to_text(const IpvsState& state);
// Sorted by key, whatever the order of the lines. Errors: kInvalidArgument with the line's number.
base::Result<IpvsState> parse_state(std::string_view text);

}  // namespace ipvs

#endif  // IPVS_AGENT_IPVS_TEXT_H_
