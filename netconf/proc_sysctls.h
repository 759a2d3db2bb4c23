#ifndef IPVS_AGENT_NETCONF_PROC_SYSCTLS_H_
#define IPVS_AGENT_NETCONF_PROC_SYSCTLS_H_

#include <string>
#include <vector>

#include "netconf/sysctls.h"

namespace netconf {

// The settings below /proc/sys (sysctl(8), proc(5)) of the network namespace of the thread.
//
// Threading: one owner.
// Errors: as Sysctls. Where /proc/sys may not be written (a container that is not privileged, a
// read-only mount) the setting is kPermissionDenied; a value the kernel refuses is
// kInvalidArgument.
class ProcSysctls final : public Sysctls {
 public:
  explicit ProcSysctls(std::string root = "/proc/sys") : root_(std::move(root)) {}

  base::Result<std::string> read(const std::string& name) override;
  bool is_fixed(const std::string& name) override;
  std::vector<base::Status> apply(std::span<const Sysctl> settings) override;

 private:
  base::Status apply_one(const Sysctl& setting);

  std::string root_;
};

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_PROC_SYSCTLS_H_
