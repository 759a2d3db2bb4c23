#ifndef IPVS_AGENT_AGENT_LOOP_THREAD_H_
#define IPVS_AGENT_AGENT_LOOP_THREAD_H_

#include "agent/loop.h"
#include "base/clock.h"

namespace agent {

// File descriptors that wake the loop; -1 where there is none. All are borrowed.
struct LoopWakers {
  int mailbox = -1;    // the watchers left something
  int addresses = -1;  // the kernel's notification socket: the host's addresses changed
  int stop = -1;       // readable: end
};

// Steps the loop on the calling thread until `stop` is readable. `addresses_changed` is called when
// the notification socket is readable and returns whether something relevant changed. A step comes
// at least every `pulse`, so that whoever looks sees that the loop lives.
template <typename AddressesChanged>
void run_loop(Loop& loop, const base::Clock& clock, const LoopWakers& wakers, base::Duration pulse,
              AddressesChanged addresses_changed);

// Which of the wakers are readable now or within the time.
struct Woken {
  bool addresses = false;
  bool stop = false;
};
Woken wait_for(const LoopWakers& wakers, base::Duration at_most);

template <typename AddressesChanged>
void run_loop(Loop& loop, const base::Clock& clock, const LoopWakers& wakers, base::Duration pulse,
              AddressesChanged addresses_changed) {
  for (;;) {
    base::TimePoint wake = loop.step(clock.now());
    base::TimePoint now = clock.now();
    Woken woken =
        wait_for(wakers, wake > now + pulse ? pulse : std::max(wake - now, base::Duration::zero()));
    if (woken.stop) return;
    if (woken.addresses && addresses_changed()) loop.addresses_changed();
  }
}

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_LOOP_THREAD_H_
