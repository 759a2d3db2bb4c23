#include "agent/loop_thread.h"

#include <poll.h>

#include <array>
#include <chrono>

namespace agent {

Woken wait_for(const LoopWakers& wakers, base::Duration at_most) {
  std::array<pollfd, 3> entries = {{{.fd = wakers.mailbox, .events = POLLIN, .revents = 0},
                                    {.fd = wakers.addresses, .events = POLLIN, .revents = 0},
                                    {.fd = wakers.stop, .events = POLLIN, .revents = 0}}};
  timespec time{};
  time.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(at_most).count();
  time.tv_nsec = static_cast<long>((at_most % std::chrono::seconds(1)).count());
  // A signal ends the wait early, which is a step too many at worst.
  if (ppoll(entries.data(), entries.size(), &time, nullptr) <= 0) return {};
  return {.addresses = (entries[1].revents & POLLIN) != 0,
          .stop = (entries[2].revents & POLLIN) != 0};
}

}  // namespace agent
