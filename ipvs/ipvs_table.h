#ifndef IPVS_AGENT_IPVS_IPVS_TABLE_H_
#define IPVS_AGENT_IPVS_IPVS_TABLE_H_

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "ipvs/real_server.h"
#include "ipvs/virtual_server.h"

namespace ipvs {

// Totals since the object was made (IPVS_STATS_ATTR_*, 64 bit). The kernel adds them up every two
// seconds: what has just passed is not in them yet.
struct TrafficCounters {
  std::uint64_t connections = 0;
  std::uint64_t packets_in = 0;
  std::uint64_t packets_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;

  friend auto operator<=>(const TrafficCounters&, const TrafficCounters&) = default;
};

// A real server as read from the kernel.
struct RealServerState {
  RealServer server;
  std::uint32_t active_connections = 0;
  std::uint32_t inactive_connections = 0;
  std::uint32_t persistent_connections = 0;
  TrafficCounters traffic;
  // In the kernel's own list of the virtual server, from 0 on; the newest is first. Schedulers that
  // hash go by that order.
  std::uint32_t place = 0;
};

// A virtual server as read from the kernel, its real servers sorted by key.
struct VirtualServerState {
  VirtualServer server;
  TrafficCounters traffic;
  std::vector<RealServerState> real_servers;
};

// Connection time-outs in seconds (IPVS_CMD_ATTR_TIMEOUT_*). In SetTimeouts, 0 keeps the current.
struct Timeouts {
  std::uint32_t tcp_s = 0;
  std::uint32_t tcp_fin_s = 0;
  std::uint32_t udp_s = 0;

  friend auto operator<=>(const Timeouts&, const Timeouts&) = default;
};

// The whole table of one network namespace, virtual servers sorted by key.
struct IpvsState {
  std::vector<VirtualServerState> virtual_servers;
  Timeouts timeouts;
};

// Brings virtual servers and their real servers into the order of their keys.
void sort(IpvsState& state);
void sort(std::vector<RealServerState>& real_servers);

// One request to the kernel each. ipvsadm's letter is in the comment.
struct AddVirtualServer {  // -A
  VirtualServer server;
  friend bool operator==(const AddVirtualServer&, const AddVirtualServer&) = default;
};
struct EditVirtualServer {  // -E
  VirtualServer server;
  friend bool operator==(const EditVirtualServer&, const EditVirtualServer&) = default;
};
struct DeleteVirtualServer {  // -D; takes its real servers with it
  VirtualServerKey key;
  friend bool operator==(const DeleteVirtualServer&, const DeleteVirtualServer&) = default;
};
struct AddRealServer {  // -a
  VirtualServerKey virtual_server;
  RealServer server;
  friend bool operator==(const AddRealServer&, const AddRealServer&) = default;
};
struct EditRealServer {  // -e
  VirtualServerKey virtual_server;
  RealServer server;
  friend bool operator==(const EditRealServer&, const EditRealServer&) = default;
};
struct DeleteRealServer {  // -d; cuts the connections it still has
  VirtualServerKey virtual_server;
  RealServerKey server;
  friend bool operator==(const DeleteRealServer&, const DeleteRealServer&) = default;
};
struct SetTimeouts {  // --set
  Timeouts timeouts;
  friend bool operator==(const SetTimeouts&, const SetTimeouts&) = default;
};

using IpvsOp = std::variant<AddVirtualServer, EditVirtualServer, DeleteVirtualServer, AddRealServer,
                            EditRealServer, DeleteRealServer, SetTimeouts>;

// What an operation that the kernel answered with this errno (0: success) came to. The message
// begins with the operation as an ipvsadm line. A virtual server whose scheduler or persistence
// engine the kernel lacks is kUnsupported, though the kernel says ENOENT.
base::Status outcome_of(const IpvsOp& op, int error_number);

// The kernel's IPVS table, or something that behaves like it.
//
// Threading: one owner.
// Errors: apply() answers every operation in order with a Status of its own, never throws, and goes
// on behind a failure. Adding what exists is kAlreadyExists, changing or deleting what does not is
// kNotFound (the kernel says ESRCH for a missing virtual server, ENOENT for a missing real server);
// both mean the caller's picture of the table is wrong.
class IpvsTable {
 public:
  virtual ~IpvsTable() = default;

  // The whole table: the list of the virtual servers and one dump of each one's real servers.
  virtual base::Result<IpvsState> read() = 0;
  // All virtual servers without their real servers, sorted by key.
  virtual base::Result<std::vector<VirtualServerState>> read_virtual_servers() = 0;
  // Only the named virtual servers, sorted by key; those that are not there are left out. The cost
  // depends on how many are named.
  virtual base::Result<std::vector<VirtualServerState>> read_some(
      std::span<const VirtualServerKey> keys) = 0;
  virtual std::vector<base::Status> apply(std::span<const IpvsOp> ops) = 0;
};

}  // namespace ipvs

#endif  // IPVS_AGENT_IPVS_IPVS_TABLE_H_
