#ifndef IPVS_AGENT_NETCONF_CONNTRACK_TABLE_H_
#define IPVS_AGENT_NETCONF_CONNTRACK_TABLE_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/protocol.h"
#include "base/result.h"

namespace netconf {

// The addresses of one direction of a flow.
struct FlowDirection {
  base::IpAddress source = {};
  base::Port source_port = 0;
  base::IpAddress destination = {};
  base::Port destination_port = 0;

  friend auto operator<=>(const FlowDirection&, const FlowDirection&) = default;
};

// A connection that the kernel tracks. For a packet to a Service, `original` goes from the client
// to the service address, and `reply` comes from the endpoint that was chosen.
struct Flow {
  base::Protocol protocol = base::Protocol::kUdp;
  FlowDirection original = {};
  FlowDirection reply = {};
  std::uint16_t zone = 0;
  std::uint32_t id = 0;  // the kernel's, 0 where unknown: keeps a later flow of the same addresses
                         // from being deleted in its place
  bool translated = false;  // its destination, by a rule (IPS_DST_NAT); IPVS leaves no such mark

  friend auto operator<=>(const Flow&, const Flow&) = default;
};

// "udp src=10.0.0.1 dst=10.96.0.10 sport=40000 dport=53 src=10.1.0.5 dst=10.0.0.1 sport=53
// dport=40000", as conntrack(8) prints it, without state and times; " zone=N" where it is not 0.
std::string to_text(const Flow& flow);

struct DeleteFlow {  // conntrack -D
  Flow flow;
  friend bool operator==(const DeleteFlow&, const DeleteFlow&) = default;
};

// Options for conntrack(8): "-D -p udp -s 10.0.0.1 -d 10.96.0.10 --sport 40000 --dport 53".
std::string to_text(const DeleteFlow& op);

// What a read found.
struct FlowList {
  std::vector<Flow> flows = {};  // those wanted, in the kernel's order
  bool complete = true;  // false where the table changed under the dump, so that a flow may be
                         // missing or named twice; what is there is still true
};

using FlowFilter = std::function<bool(const Flow&)>;

// The kernel's connection tracking table of one network namespace (ctnetlink).
//
// Threading: one owner.
// Errors: one Status per operation, in order, no stop at the first failure. A flow that is gone
// already is kNotFound. A kernel without ctnetlink is kUnsupported.
class ConntrackTable {
 public:
  virtual ~ConntrackTable() = default;
  // The UDP flows of the family that `wanted` accepts. Only those are kept in memory; the table may
  // hold millions.
  virtual base::Result<FlowList> read_udp(base::Family family, const FlowFilter& wanted) = 0;
  virtual std::vector<base::Status> apply(std::span<const DeleteFlow> ops) = 0;
};

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_CONNTRACK_TABLE_H_
