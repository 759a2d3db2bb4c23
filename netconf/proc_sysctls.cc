#include "netconf/proc_sysctls.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/unique_fd.h"

namespace netconf {
namespace {

using base::Code;
using base::Result;
using base::Status;

// One read or write is a whole value to the kernel; the longest setting in use is far shorter.
constexpr std::size_t kValueLimit = 4096;

Status check_name(const std::string& name) {
  bool plain = !name.empty() && name.front() != '/' && name.find("..") == std::string::npos &&
               name.find('\0') == std::string::npos;
  if (plain) return Status();
  return Status(Code::kInvalidArgument,
                "sysctl \"" + name + "\": expected a name such as net/ipv4/ip_forward");
}

// Settings that are one for the whole machine show no write permission in other network namespaces
// than the first, not even to root.
bool writable_by_nobody(const std::string& path) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0 && (found.st_mode & 0222U) == 0;
}

Status failed(int error_number, const std::string& context, const std::string& path) {
  Status failure = Status::from_errno(error_number, context);
  if (error_number != EROFS && error_number != EACCES && error_number != EPERM) return failure;
  const char* remedy =
      "; run as root with the kernel's settings writable (a container: mount the node's "
      "/proc/sys/net into it, see --sysctl-directory)";
  if (error_number != EROFS && writable_by_nobody(path)) {
    remedy = path.find("/net/") == std::string::npos
                 ? "; the kernel lets nobody change it"
                 : "; only the host's own network namespace may change it: run there "
                   "(hostNetwork: true), or set it on the host with sysctl -w";
  }
  return Status(Code::kPermissionDenied, failure.message() + remedy, error_number);
}

}  // namespace

Result<std::string> ProcSysctls::read(const std::string& name) {
  Status named = check_name(name);
  if (!named) return named;
  const std::string path = root_ + "/" + name;
  base::UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return failed(errno, "read sysctl " + name, path);
  std::string value(kValueLimit, '\0');
  ssize_t length = ::read(file.get(), value.data(), value.size());
  if (length < 0) return failed(errno, "read sysctl " + name, path);
  value.resize(static_cast<std::size_t>(length));
  while (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

bool ProcSysctls::is_fixed(const std::string& name) {
  return check_name(name).ok() && writable_by_nobody(root_ + "/" + name);
}

std::vector<Status> ProcSysctls::apply(std::span<const Sysctl> settings) {
  std::vector<Status> outcomes;
  outcomes.reserve(settings.size());
  for (const Sysctl& setting : settings) outcomes.push_back(apply_one(setting));
  return outcomes;
}

Status ProcSysctls::apply_one(const Sysctl& setting) {
  Result<std::string> current = read(setting.name);
  if (current && is_right(setting, *current)) return Status();
  // Some settings can be written but not read; those are simply written.
  bool write_only = current.status().code() == Code::kPermissionDenied;
  if (!current && !write_only) return current.status();
  const std::string context = "set sysctl " + setting.name + " to " + setting.value;
  const std::string path = root_ + "/" + setting.name;
  base::UniqueFd file(open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  if (!file) return failed(errno, context, path);
  const std::string line = setting.value + "\n";
  ssize_t written = write(file.get(), line.data(), line.size());
  if (written < 0) return failed(errno, context, path);
  if (static_cast<std::size_t>(written) != line.size()) {
    return Status(Code::kInternal, context + ": the kernel took only a part of it");
  }
  return Status();
}

}  // namespace netconf
