#include "ipvs/scheduler_module.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace ipvs {

void load_scheduler_module(std::string_view scheduler) {
  if (scheduler != "lblc" && scheduler != "lblcr") return;
  std::string module = "ip_vs_" + std::string(scheduler);
  if (access(("/sys/module/" + module).c_str(), F_OK) == 0) return;
  std::string program = "modprobe";
  std::string quiet = "-q";
  char* arguments[] = {program.data(), quiet.data(), module.data(), nullptr};
  // The kernel's own choice of folders, whatever the agent's PATH is.
  std::string path = "PATH=/usr/sbin:/sbin:/usr/bin:/bin";
  char* environment[] = {path.data(), nullptr};
  pid_t child = 0;
  for (const char* place : {"/sbin/modprobe", "/usr/sbin/modprobe"}) {
    if (posix_spawn(&child, place, nullptr, nullptr, arguments, environment) != 0) continue;
    while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    return;
  }
}

}  // namespace ipvs
