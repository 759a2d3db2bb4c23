#ifndef IPVS_AGENT_BASE_EVENT_FD_H_
#define IPVS_AGENT_BASE_EVENT_FD_H_

#include "base/unique_fd.h"

namespace base {

// A flag one thread raises and another polls for (eventfd(2)).
//
// Threading: every method may be called from any thread.
class EventFd {
 public:
  // Throws std::system_error when the process has no file descriptor left.
  EventFd();

  // Raises the flag; fd() is readable from now on.
  void notify() const;
  // Lowers the flag.
  void clear() const;
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

}  // namespace base

#endif  // IPVS_AGENT_BASE_EVENT_FD_H_
