#ifndef IPVS_AGENT_TESTS_KERNEL_STEADY_LOAD_H_
#define IPVS_AGENT_TESTS_KERNEL_STEADY_LOAD_H_

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/lab/client.h"

namespace kernel_test {

// Clients that make one short connection after the other until stopped.
//
// Threading: a thread of its own for each client; every method may be called from any thread.
class SteadyLoad {
 public:
  explicit SteadyLoad(lab::Target target) : target_(target) {}
  ~SteadyLoad() { stop(); }
  SteadyLoad(const SteadyLoad&) = delete;
  SteadyLoad& operator=(const SteadyLoad&) = delete;

  void add_client(const lab::Namespace& from);
  void stop();

  int answered() const { return answered_; }
  // What failed, one sentence for each request.
  std::vector<std::string> failures() const;

 private:
  void ask_for_ever(const lab::Namespace& from);

  const lab::Target target_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> answered_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> failures_;
  std::vector<std::thread> threads_;
};

}  // namespace kernel_test

#endif  // IPVS_AGENT_TESTS_KERNEL_STEADY_LOAD_H_
