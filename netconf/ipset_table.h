#ifndef IPVS_AGENT_NETCONF_IPSET_TABLE_H_
#define IPVS_AGENT_NETCONF_IPSET_TABLE_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip_address.h"
#include "base/protocol.h"
#include "base/result.h"

namespace netconf {

// The set types in use (ipset(8)).
enum class IpsetType : std::uint8_t {
  kHashIp,         // hash:ip
  kHashIpPort,     // hash:ip,port
  kHashIpPortIp,   // hash:ip,port,ip
  kHashIpPortNet,  // hash:ip,port,net
  kBitmapPort,     // bitmap:port, range 0-65535
};

std::string_view to_string(IpsetType type);

// How a set is made. Names have at most 31 characters.
struct IpsetSpec {
  std::string name;
  IpsetType type = IpsetType::kHashIpPort;
  base::Family family = base::Family::kIpv4;  // ignored by kBitmapPort
  std::uint32_t hash_size = 1024;      // initial buckets of hash types; the kernel grows them
  std::uint32_t max_elements = 65536;  // hash types

  friend auto operator<=>(const IpsetSpec&, const IpsetSpec&) = default;
};

// One entry; which fields count depends on the set's type, the others stay at their defaults so
// that equal entries compare equal.
struct IpsetEntry {
  base::IpAddress ip;                              // all but kBitmapPort
  base::Protocol protocol = base::Protocol::kTcp;  // kHashIpPort*
  base::Port port = 0;                             // kHashIpPort*, kBitmapPort
  base::IpAddress ip2;                             // kHashIpPortIp, kHashIpPortNet
  std::uint8_t prefix2 = 0;                        // kHashIpPortNet: 1-32 or 1-128

  friend auto operator<=>(const IpsetEntry&, const IpsetEntry&) = default;
};

// "10.96.0.1,tcp:80", "10.0.0.5,tcp:80,10.0.0.5", "80": as ipset prints it (a full-length net
// without its prefix).
std::string to_text(IpsetType type, const IpsetEntry& entry);
base::Result<IpsetEntry> parse_entry(IpsetType type, std::string_view text);

// A set as read from the kernel, entries sorted. hash_size is what the kernel has grown it to, so
// it is not part of the comparison of specs.
struct Ipset {
  IpsetSpec spec;
  std::vector<IpsetEntry> entries;

  friend bool operator==(const Ipset&, const Ipset&) = default;
};

struct CreateIpset {  // create NAME TYPE ...
  IpsetSpec spec;
  friend bool operator==(const CreateIpset&, const CreateIpset&) = default;
};
struct DestroyIpset {  // destroy NAME
  std::string name;
  friend bool operator==(const DestroyIpset&, const DestroyIpset&) = default;
};
struct SwapIpsets {  // swap A B: contents and parameters change places, both of one type
  std::string a;
  std::string b;
  friend bool operator==(const SwapIpsets&, const SwapIpsets&) = default;
};
struct AddIpsetEntry {  // add NAME ENTRY -exist
  std::string set;
  IpsetType type = IpsetType::kHashIpPort;
  IpsetEntry entry;
  friend bool operator==(const AddIpsetEntry&, const AddIpsetEntry&) = default;
};
struct DeleteIpsetEntry {  // del NAME ENTRY -exist
  std::string set;
  IpsetType type = IpsetType::kHashIpPort;
  IpsetEntry entry;
  friend bool operator==(const DeleteIpsetEntry&, const DeleteIpsetEntry&) = default;
};
using IpsetOp =
    std::variant<CreateIpset, DestroyIpset, SwapIpsets, AddIpsetEntry, DeleteIpsetEntry>;

// A line for `ipset restore` (ipset(8)).
std::string to_text(const IpsetOp& op);

// The host's ipsets.
//
// Threading: one owner, and one IpsetTable in the whole process (libipset keeps global state).
// Errors: one Status per operation, in order, no stop at the first failure. Entries are added and
// deleted with -exist, so an entry that is there already is ok. Creating a set that exists with the
// same parameters is ok, with others kAlreadyExists (names both); a full set is kResourceExhausted;
// destroying a set that a rule refers to is kUnavailable.
class IpsetTable {
 public:
  virtual ~IpsetTable() = default;
  // The named sets that exist, sorted by name, with every entry. A set of a type not listed in
  // IpsetType is reported as kUnsupported only if it was named.
  virtual base::Result<std::vector<Ipset>> read(std::span<const std::string> names) = 0;
  virtual std::vector<base::Status> apply(std::span<const IpsetOp> ops) = 0;
};

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_IPSET_TABLE_H_
