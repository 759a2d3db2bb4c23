#include "agent/loop_thread.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace agent {
namespace {

// Which of the wakers are readable now or within the time.
struct Woken {
  bool addresses = false;
  bool stop = false;
};

Woken wait_for(const LoopWakers& wakers, base::Duration at_most) {
  std::array<pollfd, 5> entries = {{{.fd = wakers.mailbox, .events = POLLIN, .revents = 0},
                                    {.fd = wakers.addresses, .events = POLLIN, .revents = 0},
                                    {.fd = wakers.stop, .events = POLLIN, .revents = 0},
                                    {.fd = wakers.questions, .events = POLLIN, .revents = 0},
                                    {.fd = wakers.configuration, .events = POLLIN, .revents = 0}}};
  timespec time{};
  time.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(at_most).count();
  time.tv_nsec = static_cast<long>((at_most % std::chrono::seconds(1)).count());
  // A signal ends the wait early, which is a step too many at worst.
  if (ppoll(entries.data(), entries.size(), &time, nullptr) <= 0) return {};
  return {.addresses = (entries[1].revents & POLLIN) != 0,
          .stop = (entries[2].revents & POLLIN) != 0};
}

}  // namespace

void run_loop(Loop& loop, const base::Clock& clock, const LoopWakers& wakers, base::Duration pulse,
              const LoopChores& chores) {
  base::TimePoint chore = chores.between_steps(clock.now());
  for (;;) {
    base::TimePoint wake = std::min(loop.step(clock.now()), chore);
    base::TimePoint now = clock.now();
    Woken woken =
        wait_for(wakers, wake > now + pulse ? pulse : std::max(wake - now, base::Duration::zero()));
    if (woken.stop) return;
    if (woken.addresses && chores.addresses_changed()) loop.addresses_changed();
    chore = chores.between_steps(clock.now());
  }
}

}  // namespace agent
