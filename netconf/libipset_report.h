#ifndef IPVS_AGENT_NETCONF_LIBIPSET_REPORT_H_
#define IPVS_AGENT_NETCONF_LIBIPSET_REPORT_H_

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace netconf {

// Why libipset refused a command.
struct LibipsetFailure {
  base::Status status;             // ok: nothing failed
  std::uint32_t line = 0;          // the entry that was refused, by the line given with it; or 0
  bool session_is_broken = false;  // kernel and library misunderstand each other: open it again

  bool ok() const { return status.ok(); }
};

// What the text says that libipset leaves behind when a command fails, such as "Error in line 12:
// Hash is full, cannot add more elements": it has no codes. A text that says nothing known is
// kInvalidArgument, one that shows a misunderstanding, or none at all, kCorrupt.
LibipsetFailure read_report(std::string_view report);

// The remedy where the kernel has no ipset or lacks a type of set, behind the sentence about that.
inline constexpr std::string_view kLoadIpsetModules =
    "; load the kernel's modules: modprobe -a ip_set ip_set_hash_ip ip_set_hash_ipport "
    "ip_set_hash_ipportip ip_set_hash_ipportnet ip_set_bitmap_port";

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_LIBIPSET_REPORT_H_
