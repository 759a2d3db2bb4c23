#include "agent/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace agent {
namespace {

constexpr int kBacklog = 16;
constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;

base::UniqueFd stream_socket() {
  return base::UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

// Takes away what a dead program left at the address.
base::Status clear(const sockaddr_un& address) {
  const std::string path = address.sun_path;
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) {
    return errno == ENOENT ? base::Status() : base::Status::from_errno(errno, path);
  }
  if (!S_ISSOCK(found.st_mode)) {
    return {base::Code::kAlreadyExists,
            path + " is there and is no socket; remove it, or give ipvsAgent.socket another path"};
  }
  base::UniqueFd probe = stream_socket();
  if (!probe) return base::Status::from_errno(errno, "socket");
  bool taken = connect(probe.get(), reinterpret_cast<const sockaddr*>(&address),
                       sizeof(address)) == 0 ||
               errno == EAGAIN;  // its queue is full
  if (taken) {
    return {base::Code::kAlreadyExists,
            "another program answers at " + path +
                "; if it is another ipvs-agent, give this one's ipvsAgent.socket another path"};
  }
  if (errno != ECONNREFUSED) return base::Status::from_errno(errno, "connect to " + path);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return base::Status::from_errno(errno, "remove the socket of a dead agent, " + path);
  }
  return {};
}

}  // namespace

base::Result<base::UniqueFd> listen_at_path(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return base::Status(base::Code::kInvalidArgument,
                        "ipvsAgent.socket: found a path of " + std::to_string(path.size()) +
                            " bytes, allowed: " + std::to_string(sizeof(address.sun_path) - 1));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  std::error_code ignored;  // bind() says what is wrong with the folder
  std::filesystem::create_directory(std::filesystem::path(path).parent_path(), ignored);
  if (base::Status status = clear(address); !status.ok()) return status;
  base::UniqueFd fd = stream_socket();
  // The file gets the mode that the socket has when it is bound (unix(7) is silent; Linux).
  if (!fd || fchmod(fd.get(), kOwnerOnly) != 0 ||
      bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(fd.get(), kBacklog) != 0) {
    return base::Status::from_errno(
        errno, "listen at " + path + " (ipvsAgent.socket; \"\" for no command line)");
  }
  return fd;
}

}  // namespace agent
