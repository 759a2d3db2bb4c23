#ifndef IPVS_AGENT_NETCONF_ADDRESS_TABLE_H_
#define IPVS_AGENT_NETCONF_ADDRESS_TABLE_H_

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace netconf {

// An address of another device of the host.
struct NodeAddress {
  base::IpAddress address;
  int prefix_length = 0;
  std::string device;

  friend auto operator<=>(const NodeAddress&, const NodeAddress&) = default;
};

// The service device and what the host has beside it.
struct AddressState {
  bool device_exists = false;
  std::string device_type;             // "dummy" as we make it; "" where there is no device
  std::vector<base::IpAddress> bound;  // on the service device, sorted, without link-local IPv6
  std::vector<base::IpAddress> lent;   // of these, IPv6 that is not reserved: see ReserveAddress
  std::vector<NodeAddress> node;       // on every other device, sorted
};

struct CreateDevice {  // ip link add NAME type dummy; it stays DOWN, its local routes exist all the
                       // same
  friend bool operator==(const CreateDevice&, const CreateDevice&) = default;
};
struct DeleteDevice {  // ip link del NAME, with every address on it
  friend bool operator==(const DeleteDevice&, const DeleteDevice&) = default;
};
struct BindAddress {  // ip addr add ADDRESS/32|128 dev NAME; IPv6: preferred_lft 0, so that it
                      // never becomes the source address of what is masqueraded
  base::IpAddress address;
  friend bool operator==(const BindAddress&, const BindAddress&) = default;
};
// ip addr change ADDRESS/128 dev NAME preferred_lft 0: as BindAddress does from the start. Where it
// is not bound it is bound; an IPv4 address stays as it is.
struct ReserveAddress {
  base::IpAddress address;
  friend bool operator==(const ReserveAddress&, const ReserveAddress&) = default;
};
struct UnbindAddress {  // ip addr del ADDRESS/32|128 dev NAME
  base::IpAddress address;
  friend bool operator==(const UnbindAddress&, const UnbindAddress&) = default;
};
using AddressOp =
    std::variant<CreateDevice, DeleteDevice, BindAddress, ReserveAddress, UnbindAddress>;

// A line for `ip -batch` (ip(8)): "addr add 10.96.0.1/32 dev kube-ipvs0".
std::string to_text(const AddressOp& op, std::string_view device);

// The addresses of one service device (kube-ipvs0) and, read only, of the rest of the host.
//
// Threading: one owner.
// Errors: as ipvs::IpvsTable: one Status per operation, in order, no stop at the first failure.
// Binding what is bound is kAlreadyExists, unbinding what is not kNotFound.
class AddressTable {
 public:
  virtual ~AddressTable() = default;
  virtual base::Result<AddressState> read() = 0;
  virtual std::vector<base::Status> apply(std::span<const AddressOp> ops) = 0;
};

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_ADDRESS_TABLE_H_
