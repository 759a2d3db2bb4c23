#include "agent/own_process.h"

#include <sys/resource.h>
#include <sys/signalfd.h>

#include <csignal>
#include <fstream>

namespace agent {

base::UniqueFd stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return base::UniqueFd(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

void set_oom_score(std::int64_t value, Log& log) {
  std::ofstream file("/proc/self/oom_score_adj");
  file << value << std::flush;
  if (!file) {
    log.warning("oomScoreAdj could not be set; it needs CAP_SYS_RESOURCE to be lowered",
                {{"value", value}});
  }
}

void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace agent
