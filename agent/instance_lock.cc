#include "agent/instance_lock.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace agent {

base::Result<base::UniqueFd> take_instance_lock(const std::string& name) {
  base::UniqueFd socket_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket_fd) return base::Status::from_errno(errno, "making the instance lock");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::size_t length = std::min(name.size(), sizeof(address.sun_path) - 1);
  std::memcpy(address.sun_path + 1, name.data(), length);  // a leading NUL: abstract
  auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
  if (bind(socket_fd.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0) {
    return socket_fd;
  }
  if (errno != EADDRINUSE) return base::Status::from_errno(errno, "taking the instance lock");
  return base::Status(base::Code::kAlreadyExists,
                      "another ipvs-agent runs in this network namespace (it holds the abstract "
                      "socket @" +
                          name +
                          "): two would fight over the same rules; stop one of "
                          "them, ss -xlp shows its process",
                      EADDRINUSE);
}

}  // namespace agent
