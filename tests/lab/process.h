#ifndef IPVS_AGENT_TESTS_LAB_PROCESS_H_
#define IPVS_AGENT_TESTS_LAB_PROCESS_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace lab {

// What a command printed and how it ended.
struct Output {
  int status = 0;  // the exit status, or 128 + the signal that killed it
  std::string out;
  std::string err;

  bool ok() const { return status == 0; }
};

// A running program. Its output is kept in memory and can be read at any time.
//
// Ownership: the destructor kills the program and reaps it.
// Threading: one owner.
class Process {
 public:
  // Starts argv[0] (found in PATH) in the network namespace of the calling thread, with `input` as
  // its standard input.
  static base::Result<Process> start(const std::vector<std::string>& argv,
                                     std::string_view input = {});
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  pid_t pid() const { return pid_; }
  bool running();
  // Sends a signal, such as SIGTERM; nothing when the program has ended.
  void signal(int number);
  // Waits for the end; kUnavailable (ETIMEDOUT) when it still runs after `timeout`.
  base::Result<int> wait(base::Duration timeout);
  std::string out() const;
  std::string err() const;

 private:
  Process() = default;
  void kill_and_reap();

  pid_t pid_ = -1;
  base::UniqueFd pidfd_;
  base::UniqueFd out_;
  base::UniqueFd err_;
  std::optional<int> status_;
};

}  // namespace lab

#endif  // IPVS_AGENT_TESTS_LAB_PROCESS_H_
