#ifndef IPVS_AGENT_IPVS_SCHEDULERS_H_
#define IPVS_AGENT_IPVS_SCHEDULERS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ipvs {

// One scheduling algorithm of the kernel: the module ip_vs_NAME, loaded by the kernel when the
// first virtual server asks for it.
struct Scheduler {
  std::string_view name;
  std::string_view meaning;  // how it chooses a real server, one line
  // What kFlagScheduler1 and kFlagScheduler2 mean to it; "" where it ignores them.
  std::string_view flag1;
  std::string_view flag2;
};

// Every scheduler of the mainline kernel, by name. A distribution may leave some out (Debian's
// kernels have no twos); adding a virtual server with one of those fails with ENOENT.
std::span<const Scheduler> schedulers();
// nullptr when the kernel has no scheduler of that name.
const Scheduler* find_scheduler(std::string_view name);

// The scheduler bits of `flags` as ipvsadm's -b takes them: "sh-fallback,sh-port", "flag-1"; "" for
// none. Bits without a name of their own are flag-1, flag-2, flag-3.
std::string scheduler_flags_text(std::string_view scheduler, std::uint32_t flags);
// The bits a comma-separated list stands for. Errors: kInvalidArgument for an unknown name or one
// that belongs to another scheduler.
base::Result<std::uint32_t> parse_scheduler_flags(std::string_view scheduler,
                                                  std::string_view text);

}  // namespace ipvs

#endif  // IPVS_AGENT_IPVS_SCHEDULERS_H_
