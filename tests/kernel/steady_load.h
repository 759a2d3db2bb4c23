#ifndef IPVS_AGENT_TESTS_KERNEL_STEADY_LOAD_H_
#define IPVS_AGENT_TESTS_KERNEL_STEADY_LOAD_H_

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/lab/client.h"

namespace kernel_test {

struct SteadyLoadOptions {
  // Between two requests of a client: some rate that leaves an emulated processor time for others.
  std::chrono::milliseconds pause{10};
  // Requests come from this port and the port_count - 1 behind it, in turn: one port makes all UDP
  // requests one flow. 0: the kernel chooses.
  //
  // Two loads of one client, to addresses with the same endpoints, need ports of their own: IPVS
  // remembers a UDP flow for five minutes, and if the client asks the other address from the same
  // port in that time, it takes the answer for one to the earlier flow, and the client gets none.
  base::Port first_port = 0;
  base::Port port_count = 1;
  // A connection that is refused is tried once more, a second later.
  bool retry_refused = false;
};

// Clients that make one short connection after the other until stopped.
//
// Threading: a thread of its own for each client; every method may be called from any thread.
class SteadyLoad {
 public:
  explicit SteadyLoad(lab::Target target, SteadyLoadOptions options = {})
      : target_(target), options_(options) {}
  ~SteadyLoad() { stop(); }
  SteadyLoad(const SteadyLoad&) = delete;
  SteadyLoad& operator=(const SteadyLoad&) = delete;

  void add_client(const lab::Namespace& from);
  void stop();

  int answered() const { return answered_; }
  // How many connections were tried once more.
  int refused() const { return refused_; }
  // What failed, one sentence for each request.
  std::vector<std::string> failures() const;

 private:
  void ask_for_ever(const lab::Namespace& from);

  const lab::Target target_;
  const SteadyLoadOptions options_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> answered_ = 0;
  std::atomic<int> refused_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> failures_;
  std::vector<std::thread> threads_;
};

}  // namespace kernel_test

#endif  // IPVS_AGENT_TESTS_KERNEL_STEADY_LOAD_H_
