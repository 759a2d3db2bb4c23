#include "tests/lab/process.h"

#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace lab {
namespace {

std::string contents(int fd) {
  std::string text;
  char buffer[4096];
  while (true) {
    ssize_t got = pread(fd, buffer, sizeof buffer, static_cast<off_t>(text.size()));
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

base::UniqueFd memory_file(const char* name) {
  return base::UniqueFd(memfd_create(name, MFD_CLOEXEC));
}

int exit_status(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

}  // namespace

base::Result<Process> Process::start(const std::vector<std::string>& argv, std::string_view input) {
  Process process;
  process.out_ = memory_file("out");
  process.err_ = memory_file("err");
  base::UniqueFd in = memory_file("in");
  if (!process.out_ || !process.err_ || !in) {
    return base::Status::from_errno(errno, "a memory file for " + argv.front());
  }
  if (pwrite(in.get(), input.data(), input.size(), 0) != static_cast<ssize_t>(input.size())) {
    return base::Status::from_errno(errno, "input for " + argv.front());
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, process.out_.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, process.err_.get(), STDERR_FILENO);
  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  int error = posix_spawnp(&process.pid_, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    process.pid_ = -1;
    return base::Status::from_errno(error, "start " + argv.front());
  }
  process.pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, process.pid_, 0)));
  return process;
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)),
      status_(other.status_) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    kill_and_reap();
    pid_ = std::exchange(other.pid_, -1);
    pidfd_ = std::move(other.pidfd_);
    out_ = std::move(other.out_);
    err_ = std::move(other.err_);
    status_ = other.status_;
  }
  return *this;
}

Process::~Process() { kill_and_reap(); }

void Process::kill_and_reap() {
  if (pid_ < 0 || status_) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

bool Process::running() { return !wait(base::Duration::zero()).ok(); }

void Process::signal(int number) {
  if (pid_ > 0 && !status_) kill(pid_, number);
}

base::Result<int> Process::wait(base::Duration timeout) {
  if (status_) return *status_;
  pollfd waiting{pidfd_.get(), POLLIN, 0};
  auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  if (poll(&waiting, 1, static_cast<int>(milliseconds)) <= 0) {
    return base::Status::from_errno(ETIMEDOUT, "wait for process " + std::to_string(pid_));
  }
  int wait_status = 0;
  if (waitpid(pid_, &wait_status, 0) != pid_) {
    return base::Status::from_errno(errno, "wait for process " + std::to_string(pid_));
  }
  status_ = exit_status(wait_status);
  return *status_;
}

std::string Process::out() const { return contents(out_.get()); }
std::string Process::err() const { return contents(err_.get()); }

}  // namespace lab
