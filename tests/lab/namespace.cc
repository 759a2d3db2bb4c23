#include "tests/lab/namespace.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

namespace lab {
namespace {

constexpr const char* kFolder = "/run/netns/";

base::Status bring_loopback_up() {
  base::UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", 3);
  request.ifr_flags = IFF_UP;
  if (!socket || ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) {
    return base::Status::from_errno(errno, "set lo up");
  }
  return {};
}

// Leaves the calling thread in a new namespace that `path` keeps alive.
base::Status make_namespace(const std::string& path) {
  if (unshare(CLONE_NEWNET) != 0) return base::Status::from_errno(errno, "unshare (needs root)");
  base::UniqueFd file(open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0));
  if (!file) return base::Status::from_errno(errno, "create " + path);
  if (mount("/proc/thread-self/ns/net", path.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    return base::Status::from_errno(errno, "mount " + path);
  }
  return bring_loopback_up();
}

void remove_name(const std::string& path) {
  umount2(path.c_str(), MNT_DETACH);
  unlink(path.c_str());
}

}  // namespace

base::Result<Namespace> Namespace::create(std::string name) {
  mkdir(kFolder, 0755);
  std::string path = kFolder + name;
  remove_name(path);
  base::Status made;
  std::thread([&] { made = make_namespace(path); }).join();
  if (!made) {
    remove_name(path);
    return made.in("network namespace " + name);
  }
  base::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return base::Status::from_errno(errno, "open " + path);
  return Namespace(std::move(name), std::move(fd));
}

Namespace::Namespace(Namespace&& other) noexcept
    : name_(std::exchange(other.name_, {})), fd_(std::move(other.fd_)) {}

Namespace& Namespace::operator=(Namespace&& other) noexcept {
  if (this != &other) {
    remove();
    name_ = std::exchange(other.name_, {});
    fd_ = std::move(other.fd_);
  }
  return *this;
}

Namespace::~Namespace() { remove(); }

void Namespace::remove() {
  if (fd_) remove_name(kFolder + name_);
}

void Namespace::run_inside(const std::function<void()>& function) const {
  int error = 0;
  std::thread([&] {
    if (setns(fd_.get(), CLONE_NEWNET) != 0) {
      error = errno;
      return;
    }
    function();
  }).join();
  if (error != 0) {
    throw std::system_error(error, std::generic_category(), "enter network namespace " + name_);
  }
}

base::Result<Process> Namespace::start(const std::vector<std::string>& argv) const {
  return run([&] { return Process::start(argv); });
}

base::Result<Output> Namespace::execute(const std::vector<std::string>& argv,
                                        std::string_view input, base::Duration timeout) const {
  base::Result<Process> process = run([&] { return Process::start(argv, input); });
  if (!process) return process.status().in("in " + name_);
  base::Result<int> status = process->wait(timeout);
  if (!status) return status.status().in(argv.front() + " in " + name_);
  return Output{*status, process->out(), process->err()};
}

base::Result<std::string> Namespace::check(const std::vector<std::string>& argv,
                                           std::string_view input) const {
  base::Result<Output> output = execute(argv, input);
  if (!output) return output.status();
  if (output->ok()) return output->out;
  std::ostringstream message;
  for (const std::string& word : argv) message << word << ' ';
  message << "in " << name_ << " ended with " << output->status << ": " << output->err;
  return base::Status(base::Code::kInternal, message.str());
}

base::Status Namespace::set_sysctl(const std::string& path, std::string_view value) const {
  return run([&]() -> base::Status {
    base::UniqueFd file(open(("/proc/sys/" + path).c_str(), O_WRONLY | O_CLOEXEC));
    if (!file || write(file.get(), value.data(), value.size()) < 0) {
      return base::Status::from_errno(errno, "write " + path + " in " + name_);
    }
    return {};
  });
}

base::Result<std::string> Namespace::sysctl(const std::string& path) const {
  return run([&]() -> base::Result<std::string> {
    std::ifstream file("/proc/sys/" + path);
    std::string value;
    if (!std::getline(file, value)) {
      return base::Status(base::Code::kNotFound, "read " + path + " in " + name_);
    }
    return value;
  });
}

}  // namespace lab
