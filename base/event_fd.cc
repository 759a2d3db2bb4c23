#include "base/event_fd.h"

#include <sys/eventfd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace base {

EventFd::EventFd() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!fd_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

void EventFd::notify() const {
  // The only failure is a counter about to overflow, and then the flag is raised already.
  std::uint64_t one = 1;
  [[maybe_unused]] ssize_t written = write(fd_.get(), &one, sizeof(one));
}

void EventFd::clear() const {
  // EAGAIN means the flag was not raised.
  std::uint64_t count = 0;
  [[maybe_unused]] ssize_t got = read(fd_.get(), &count, sizeof(count));
}

}  // namespace base
