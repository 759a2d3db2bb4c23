#include "tests/kernel/steady_load.h"

#include <chrono>

namespace kernel_test {

void SteadyLoad::add_client(const lab::Namespace& from) {
  threads_.emplace_back([this, &from] { ask_for_ever(from); });
}

void SteadyLoad::stop() {
  stop_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

std::vector<std::string> SteadyLoad::failures() const {
  std::lock_guard lock(mutex_);
  return failures_;
}

void SteadyLoad::ask_for_ever(const lab::Namespace& from) {
  while (!stop_) {
    auto reply = lab::request(from, target_, {.timeout = std::chrono::seconds(30)});
    if (reply) {
      ++answered_;
    } else {
      std::lock_guard lock(mutex_);
      failures_.push_back(reply.status().message());
    }
    // Some rate that leaves an emulated processor time for the agent.
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace kernel_test
