#ifndef IPVS_AGENT_NETCONF_SYSCTLS_H_
#define IPVS_AGENT_NETCONF_SYSCTLS_H_

#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace netconf {

// One kernel setting below /proc/sys: name "net/ipv4/ip_forward", value "1" without a line end.
struct Sysctl {
  std::string name;
  std::string value;
  // `value` is a whole number, and a greater one is right as well.
  bool at_least = false;

  friend auto operator<=>(const Sysctl&, const Sysctl&) = default;
};

// Whether a kernel that has `present` needs no writing.
bool is_right(const Sysctl& wanted, const std::string& present);

// Kernel settings of the network namespace.
//
// Threading: one owner.
// Errors: a setting this kernel does not have is kNotFound; the others are not held up by it.
class Sysctls {
 public:
  virtual ~Sysctls() = default;
  virtual base::Result<std::string> read(const std::string& name) = 0;
  // Whether it is there and nobody can change it from this network namespace, whatever their
  // rights: it is one for the whole machine.
  virtual bool is_fixed(const std::string& /*name*/) { return false; }
  // Writes each setting whose value is not right; one Status per setting, in order.
  virtual std::vector<base::Status> apply(std::span<const Sysctl> settings) = 0;
};

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_SYSCTLS_H_
