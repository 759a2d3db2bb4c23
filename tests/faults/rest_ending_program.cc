// Watches an API server as the agent does, and ends in the midst of it: rest_ending_test.cc runs
// it. Arguments: port, file with the CA, what has come when it ends: "nothing", "bytes".
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "watchers/rest_cpprest.h"

namespace {

constexpr int kWatches = 3;

void watch(watchers::RestClient& client, std::atomic<int>& begun) {
  base::Result<watchers::Response> response = client.get("/watch", {});
  if (!response) return;
  std::vector<char> buffer(64 * 1024);
  for (bool first = true;; first = false) {
    base::Result<std::size_t> got = response->body->read(buffer);
    if (!got || *got == 0) return;
    if (first && ++begun == kWatches) begun.notify_all();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 64;
  watchers::ClusterAccess access;
  access.server = {.tls = true,
                   .host = "127.0.0.1",
                   .port = static_cast<base::Port>(std::stoi(argv[1])),
                   .path = ""};
  access.certificate_authority.file = argv[2];
  base::SystemClock clock;
  watchers::CpprestClient client(access, clock);
  std::atomic<int> begun = 0;
  std::vector<std::jthread> threads;
  threads.reserve(kWatches);
  for (int i = 0; i < kWatches; ++i) threads.emplace_back([&] { watch(client, begun); });
  if (std::string(argv[3]) == "bytes") {
    for (int seen = 0; seen < kWatches; seen = begun) begun.wait(seen);
  }
  client.shut_down();
  return 0;
}
