#include "tests/kernel/steady_load.h"

#include <cerrno>
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
  for (int count = 0; !stop_; ++count) {
    int port = options_.first_port == 0 ? 0 : options_.first_port + count % options_.port_count;
    const lab::ClientOptions patient{.timeout = std::chrono::seconds(30),
                                     .source_port = static_cast<base::Port>(port)};
    auto reply = lab::request(from, target_, patient);
    if (options_.retry_refused && reply.status().error_number() == ECONNREFUSED) {
      ++refused_;
      std::this_thread::sleep_for(std::chrono::seconds(1));
      reply = lab::request(from, target_, patient);
    }
    if (reply) {
      ++answered_;
    } else {
      std::lock_guard lock(mutex_);
      failures_.push_back("from port " + std::to_string(port) + ": " + reply.status().message());
    }
    std::this_thread::sleep_for(options_.pause);
  }
}

}  // namespace kernel_test
