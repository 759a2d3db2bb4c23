#ifndef IPVS_AGENT_TESTS_LAB_NAMESPACE_H_
#define IPVS_AGENT_TESTS_LAB_NAMESPACE_H_

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "tests/lab/process.h"

namespace lab {

// A network namespace with a name that `ip netns` knows; its loopback is up, because without any
// local address the kernel refuses every IPVS real server.
//
// Ownership: the destructor removes the name; the kernel removes the namespace when the last
// process and socket in it is gone.
// Threading: const methods from any thread.
class Namespace {
 public:
  // Needs root. A left-over of the same name is replaced.
  static base::Result<Namespace> create(std::string name);
  Namespace(Namespace&& other) noexcept;
  Namespace& operator=(Namespace&& other) noexcept;
  ~Namespace();

  const std::string& name() const { return name_; }

  // Calls `function` on a thread that is inside, and gives back what it returns. Sockets made there
  // belong to this namespace for ever, and /proc/sys/net shows this namespace; /sys does not.
  template <std::invocable Function>
  auto run(Function function) const {
    using Value = std::invoke_result_t<Function>;
    if constexpr (std::is_void_v<Value>) {
      run_inside([&] { function(); });
    } else {
      std::optional<Value> value;
      run_inside([&] { value.emplace(function()); });
      return std::move(*value);
    }
  }

  // Runs a program inside to its end. Fails when it cannot be started or outlives `timeout` (it is
  // killed then); a non-zero exit status is no failure here.
  base::Result<Output> execute(const std::vector<std::string>& argv, std::string_view input = {},
                               base::Duration timeout = std::chrono::seconds(60)) const;
  // Runs a program inside that is expected to succeed: its standard output, or a failure that
  // quotes what it wrote to standard error.
  base::Result<std::string> check(const std::vector<std::string>& argv,
                                  std::string_view input = {}) const;
  // Starts a program inside and leaves it running.
  base::Result<Process> start(const std::vector<std::string>& argv) const;

  // Writes a value below /proc/sys: set_sysctl("net/ipv4/ip_forward", "1").
  base::Status set_sysctl(const std::string& path, std::string_view value) const;
  // Reads one, without the newline.
  base::Result<std::string> sysctl(const std::string& path) const;

 private:
  Namespace(std::string name, base::UniqueFd fd) : name_(std::move(name)), fd_(std::move(fd)) {}
  void run_inside(const std::function<void()>& function) const;
  void remove();

  std::string name_;
  base::UniqueFd fd_;
};

}  // namespace lab

#endif  // IPVS_AGENT_TESTS_LAB_NAMESPACE_H_
