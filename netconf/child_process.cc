#include "netconf/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>

#include "base/unique_fd.h"

namespace netconf {
namespace {

using base::Code;
using base::Duration;
using base::Result;
using base::Status;
using base::UniqueFd;

constexpr std::size_t kOutputLimit = std::size_t{64} << 20;

// Where the program is; "" where it is nowhere.
std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return access(name.c_str(), X_OK) == 0 ? name : "";
  const char* variable = getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  // Daemons are often started with a PATH that lacks the folders of the administrator's tools.
  std::string folders = std::string(variable != nullptr ? variable : "") + ":/usr/sbin:/sbin";
  std::size_t begin = 0;
  while (begin <= folders.size()) {
    std::size_t end = std::min(folders.find(':', begin), folders.size());
    std::string path = folders.substr(begin, end - begin) + "/" + name;
    if (end > begin && access(path.c_str(), X_OK) == 0) return path;
    begin = end + 1;
  }
  return "";
}

// A file in memory that holds the text: the child can read it at its own pace, so that nobody
// waits for a pipe and no write meets a dead reader.
Result<UniqueFd> input_file(std::string_view text) {
  UniqueFd file(memfd_create("input", MFD_CLOEXEC));
  if (!file) return Status::from_errno(errno, "memfd_create");
  while (!text.empty()) {
    ssize_t written = write(file.get(), text.data(), text.size());
    if (written < 0) return Status::from_errno(errno, "write the program's input");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (lseek(file.get(), 0, SEEK_SET) < 0) return Status::from_errno(errno, "lseek");
  return file;
}

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Status::from_errno(errno, "pipe2");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<pid_t> spawn(const std::string& path, const std::vector<std::string>& argv, int in, int out,
                    int err) {
  std::vector<char*> arguments;
  arguments.reserve(argv.size() + 1);
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  // The child starts with no signal blocked or ignored, whatever this process does with them, and
  // in a group of its own, so that a Ctrl-C meant for us does not end it half-way.
  sigset_t none;
  sigset_t pipe_signal;
  sigemptyset(&none);
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  pid_t child = -1;
  int error = posix_spawn(&child, path.c_str(), &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return Status::from_errno(error, "start " + path);
  return child;
}

// A child that is killed and waited for unless it was waited for before.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {
    // Kernels before 5.3 have none; then the end of the outputs has to do for the deadline.
    pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ < 0) return;
    kill(-pid_, SIGKILL);
    kill(pid_, SIGKILL);
    wait();
  }

  int pidfd() const { return pidfd_.get(); }
  int wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_;
  UniqueFd pidfd_;
};

// Reads what is there; closes the descriptor at its end.
Status drain(UniqueFd& from, std::string& into) {
  std::array<char, 65536> buffer;
  ssize_t length = read(from.get(), buffer.data(), buffer.size());
  if (length < 0 && errno == EINTR) return Status();
  if (length < 0) return Status::from_errno(errno, "read the program's output");
  if (length == 0) from.reset();
  into.append(buffer.data(), static_cast<std::size_t>(length));
  if (into.size() > kOutputLimit) {
    return Status(Code::kResourceExhausted, "it printed more than 64 MiB");
  }
  return Status();
}

// A descriptor that is readable once a stop was requested.
class StopFlag {
 public:
  explicit StopFlag(std::stop_token stop)
      : flag_(stop.stop_possible() ? eventfd(0, EFD_CLOEXEC) : -1),
        raise_(std::move(stop), [this] { (void)eventfd_write(flag_.get(), 1); }) {}
  int fd() const { return flag_.get(); }

 private:
  UniqueFd flag_;
  std::stop_callback<std::function<void()>> raise_;
};

// Collects the outputs until both have ended and the child is gone.
Status collect(const Child& child, UniqueFd out, UniqueFd err, ProcessOutput& output,
               Duration deadline, const StopFlag& stop) {
  using std::chrono::steady_clock;
  const steady_clock::time_point end = steady_clock::now() + deadline;
  bool running = child.pidfd() >= 0;
  while (out || err || running) {
    // poll() leaves out entries with a negative descriptor.
    std::array<pollfd, 4> waiting = {{{out.get(), POLLIN, 0},
                                      {err.get(), POLLIN, 0},
                                      {running ? child.pidfd() : -1, POLLIN, 0},
                                      {stop.fd(), POLLIN, 0}}};
    auto left = std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now()).count();
    if (left <= 0) {
      return Status(Code::kUnavailable,
                    "it did not end within " +
                        std::to_string(std::chrono::ceil<std::chrono::seconds>(deadline).count()) +
                        " s and was killed",
                    ETIMEDOUT);
    }
    int ready = poll(waiting.data(), waiting.size(), static_cast<int>(std::min<long>(left, 60000)));
    if (ready < 0 && errno != EINTR) return Status::from_errno(errno, "poll");
    if (ready <= 0) continue;
    Status drained;
    if (waiting[0].revents != 0) drained = drain(out, output.out);
    if (drained && waiting[1].revents != 0) drained = drain(err, output.err);
    if (!drained) return drained;
    if (waiting[2].revents != 0) running = false;
    if (waiting[3].revents != 0) return Status(Code::kCancelled, "it was to stop and was killed");
  }
  return Status();
}

}  // namespace

Result<ProcessOutput> run_process(const std::vector<std::string>& argv, std::string_view input,
                                  Duration deadline, std::stop_token stop) {
  const std::string path = find_program(argv.at(0));
  if (path.empty()) return Status(Code::kNotFound, argv[0] + ": no such program", ENOENT);
  Result<UniqueFd> in = input_file(input);
  if (!in) return in.status().in(argv[0]);
  Result<Pipe> out = make_pipe();
  if (!out) return out.status().in(argv[0]);
  Result<Pipe> err = make_pipe();
  if (!err) return err.status().in(argv[0]);
  Result<pid_t> pid = spawn(path, argv, in->get(), out->write_end.get(), err->write_end.get());
  if (!pid) return pid.status();
  Child child(*pid);
  const StopFlag stopped(std::move(stop));
  out->write_end.reset();
  err->write_end.reset();
  ProcessOutput output;
  Status collected =
      collect(child, std::move(out->read_end), std::move(err->read_end), output, deadline, stopped);
  if (!collected) return collected.in(argv[0]);
  output.exit_status = child.wait();
  return output;
}

}  // namespace netconf
