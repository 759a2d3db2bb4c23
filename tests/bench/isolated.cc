#include "tests/bench/isolated.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

#include "base/unique_fd.h"

namespace bench {
namespace {

constexpr std::size_t kMostFigures = 64;

void bring_lo_up() {
  base::UniqueFd control(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", 3);
  request.ifr_flags = IFF_UP;
  if (ioctl(control.get(), SIOCSIFFLAGS, &request) != 0) give_up("lo up: %s", strerror(errno));
}

// How many things use the module; each virtual server is one. 0 where that cannot be told.
long ip_vs_users() {
  long users = 0;
  std::ifstream("/sys/module/ip_vs/refcnt") >> users;
  return users;
}

void await_users(long users) {
  for (int i = 0; i < 600 && ip_vs_users() > users; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

Figures run(const std::function<Figures()>& work, bool own_namespace) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) give_up("pipe: %s", strerror(errno));
  base::UniqueFd in(ends[0]);
  base::UniqueFd out(ends[1]);
  std::fflush(nullptr);
  pid_t child = fork();
  if (child == 0) {
    if (own_namespace) {
      if (unshare(CLONE_NEWNET) != 0) give_up("a network namespace: %s", strerror(errno));
      bring_lo_up();
    }
    Figures figures = work();
    figures.resize(std::min(figures.size(), kMostFigures));
    std::size_t bytes = figures.size() * sizeof(double);
    bool sent = write(out.get(), figures.data(), bytes) == static_cast<ssize_t>(bytes);
    std::fflush(nullptr);
    _exit(sent ? 0 : 1);
  }
  out.reset();
  std::array<double, kMostFigures> buffer{};
  ssize_t length = read(in.get(), buffer.data(), sizeof(buffer));
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0 || length < 0) std::exit(1);
  return Figures(buffer.begin(), buffer.begin() + length / ssize_t{sizeof(double)});
}

}  // namespace

Figures in_fresh_namespace(const std::function<Figures()>& work) {
  long users = ip_vs_users();
  Figures figures = run(work, true);
  await_users(users);
  return figures;
}

Figures in_child(const std::function<Figures()>& work) { return run(work, false); }

void give_up(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::fputs("bench: ", stderr);
  std::vfprintf(stderr, format, arguments);
  std::fputs("\n", stderr);
  va_end(arguments);
  std::fflush(nullptr);
  _exit(1);
}

}  // namespace bench
