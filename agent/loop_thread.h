#ifndef IPVS_AGENT_AGENT_LOOP_THREAD_H_
#define IPVS_AGENT_AGENT_LOOP_THREAD_H_

#include <functional>

#include "agent/loop.h"
#include "base/clock.h"

namespace agent {

// File descriptors that wake the loop; -1 where there is none. All are borrowed.
struct LoopWakers {
  int mailbox = -1;        // the watchers left something
  int addresses = -1;      // the kernel's notification socket: the host's addresses changed
  int stop = -1;           // readable: end
  int questions = -1;      // somebody asks something
  int configuration = -1;  // something happened to the configuration file
};

// What is done on the loop's thread beside the loop.
struct LoopChores {
  // The notification socket is readable: whether something relevant changed.
  std::function<bool()> addresses_changed;
  // After every wait, before the next step: looks whether there is something to do, does it, and
  // returns when it wants to be called again at the latest.
  std::function<base::TimePoint(base::TimePoint now)> between_steps;
};

// Steps the loop on the calling thread until `stop` is readable. A step comes at least every
// `pulse`, so that whoever looks sees that the loop lives.
void run_loop(Loop& loop, const base::Clock& clock, const LoopWakers& wakers, base::Duration pulse,
              const LoopChores& chores);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_LOOP_THREAD_H_
