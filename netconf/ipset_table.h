#ifndef IPVS_AGENT_NETCONF_IPSET_TABLE_H_
#define IPVS_AGENT_NETCONF_IPSET_TABLE_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
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

std::optional<IpsetType> parse_ipset_type(std::string_view text);

// The longest name of a set, in bytes (IPSET_MAXNAMELEN less its NUL).
inline constexpr std::size_t kIpsetNameLimit = 31;

// How a set is made. A kBitmapPort set read from the kernel has the default family and hash_size,
// and as max_elements the number of ports its range covers.
struct IpsetSpec {
  std::string name = {};
  IpsetType type = IpsetType::kHashIpPort;
  base::Family family = base::Family::kIpv4;  // ignored by kBitmapPort
  std::uint32_t hash_size = 1024;  // initial buckets of hash types; the kernel grows them, so it is
                                   // no part of the comparison
  std::uint32_t max_elements = 65536;  // hash types; 65536 for kBitmapPort
  bool skbinfo = false;                // hash types: entries may carry a packet mark

  friend bool operator==(const IpsetSpec& a, const IpsetSpec& b) { return (a <=> b) == 0; }
  friend std::strong_ordering operator<=>(const IpsetSpec& a, const IpsetSpec& b) {
    return std::tie(a.name, a.type, a.family, a.max_elements, a.skbinfo) <=>
           std::tie(b.name, b.type, b.family, b.max_elements, b.skbinfo);
  }
};

// One entry; which fields count depends on the set's type, the others stay at their defaults so
// that equal entries compare equal.
struct IpsetEntry {
  base::IpAddress ip = {};                         // all but kBitmapPort
  base::Protocol protocol = base::Protocol::kTcp;  // kHashIpPort*
  base::Port port = 0;                             // kHashIpPort*, kBitmapPort
  base::IpAddress ip2 = {};                        // kHashIpPortIp, kHashIpPortNet
  std::uint8_t prefix2 = 0;                        // kHashIpPortNet: 1-32 or 1-128
  // What `-j SET --map-mark` makes of a packet's mark: the bits of mark_mask become those of mark
  // (none outside of the mask). 0 and 0: nothing. Only in sets with IpsetSpec::skbinfo, of which a
  // mark is no part of the key: adding an entry again changes its mark.
  std::uint32_t mark = 0;
  std::uint32_t mark_mask = 0;

  friend auto operator<=>(const IpsetEntry&, const IpsetEntry&) = default;
};

// "10.96.0.1,tcp:80", "10.0.0.5,tcp:80,10.0.0.5", "80": as ipset prints it (a full-length net
// without its prefix). With a mark, " skbmark 0x12/0x3fff" follows.
std::string to_text(IpsetType type, const IpsetEntry& entry);
// From that text; protocols by name or number, as ipset prints numbers where /etc/protocols is
// missing.
base::Result<IpsetEntry> parse_entry(IpsetType type, std::string_view text);

// The entry as the kernel keeps it: the net's host bits cleared. An error where the kernel would
// refuse it: another family than the set's, a prefix out of 1-32 or 1-128, the address 0 in
// kHashIp.
base::Result<IpsetEntry> canonical(IpsetType type, base::Family family, IpsetEntry entry);

// A set as read from the kernel, entries sorted; spec.hash_size is what the kernel has grown it to.
struct Ipset {
  IpsetSpec spec = {};
  std::vector<IpsetEntry> entries = {};
  // Parameters of the set that IpsetSpec cannot express ("timeout 60"), as ipset prints them. ""
  // for every set we make: a set that has some was made by someone else, and should be replaced.
  std::string other_parameters = {};
  // Entries that IpsetEntry cannot express (a protocol that is no Service's, "nomatch"), much as
  // ipset prints them (protocols may be numbers), sorted. They are somebody else's.
  std::vector<std::string> foreign_entries = {};

  friend bool operator==(const Ipset&, const Ipset&) = default;
};

struct CreateIpset {  // create NAME TYPE ... -exist
  IpsetSpec spec = {};
  friend bool operator==(const CreateIpset&, const CreateIpset&) = default;
};
struct DestroyIpset {  // destroy NAME
  std::string name = {};
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
struct DeleteIpsetEntry {  // del NAME ENTRY -exist, whatever its mark
  std::string set;
  IpsetType type = IpsetType::kHashIpPort;
  IpsetEntry entry;
  friend bool operator==(const DeleteIpsetEntry&, const DeleteIpsetEntry&) = default;
};
using IpsetOp =
    std::variant<CreateIpset, DestroyIpset, SwapIpsets, AddIpsetEntry, DeleteIpsetEntry>;

// A line for `ipset restore` (ipset(8)).
std::string to_text(const IpsetOp& op);
// The set as `ipset save` prints it, without what the kernel chooses by itself (bucketsize,
// initval): a line for itself and one for each entry.
std::string to_text(const Ipset& set);

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
