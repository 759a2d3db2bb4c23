#ifndef IPVS_AGENT_TESTS_FAKES_HTTP_PROBE_H_
#define IPVS_AGENT_TESTS_FAKES_HTTP_PROBE_H_

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "agent/listen_address.h"
#include "agent/log.h"
#include "base/unique_fd.h"

// A client that sends servers of the agent whatever a test wants, and a log to wait for.
namespace fakes {

// A log that remembers its lines and lets a test wait for one.
class RecordingLog final : public agent::Log {
 public:
  bool writes(agent::LogLevel) const override { return true; }
  void write(agent::LogLevel, std::string_view event,
             std::span<const agent::LogField> fields) override {
    std::lock_guard lock(mutex_);
    lines_.push_back(agent::text_line(event, fields));
    grown_.notify_all();
  }
  bool wait_for(const std::string& part) {
    std::unique_lock lock(mutex_);
    return grown_.wait_for(lock, std::chrono::seconds(60), [&] {
      for (const std::string& line : lines_) {
        if (line.find(part) != std::string::npos) return true;
      }
      return false;
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable grown_;
  std::vector<std::string> lines_;
};

// A TCP connection; none if it is refused.
inline base::UniqueFd connect_to(const agent::ListenAddress& where) {
  int family = base::address_family(where.address.family());
  base::UniqueFd fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 v6{};
  sockaddr_in v4{};
  v6.sin6_family = AF_INET6;
  v4.sin_family = AF_INET;
  v6.sin6_port = v4.sin_port = htons(where.port);
  std::span<const std::uint8_t> bytes = where.address.bytes();
  std::memcpy(family == AF_INET ? static_cast<void*>(&v4.sin_addr) : &v6.sin6_addr, bytes.data(),
              bytes.size());
  int failed = family == AF_INET ? connect(fd.get(), reinterpret_cast<sockaddr*>(&v4), sizeof(v4))
                                 : connect(fd.get(), reinterpret_cast<sockaddr*>(&v6), sizeof(v6));
  if (failed != 0) fd.reset();
  return fd;
}

inline void send_all(const base::UniqueFd& fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t sent = send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// Everything until the server closes the connection.
inline std::string read_all(const base::UniqueFd& fd) {
  std::string text;
  std::array<char, 65536> buffer{};
  for (;;) {
    pollfd entry{.fd = fd.get(), .events = POLLIN, .revents = 0};
    if (poll(&entry, 1, 60'000) != 1) return text + "<nothing for a minute>";
    ssize_t length = recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (length <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(length));
  }
}

// The whole answer to one request on a connection of its own.
inline std::string ask(const agent::ListenAddress& where, const std::string& method,
                       const std::string& path) {
  base::UniqueFd fd = connect_to(where);
  if (!fd) return "<no connection>";
  send_all(fd, method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  return read_all(fd);
}

}  // namespace fakes

#endif  // IPVS_AGENT_TESTS_FAKES_HTTP_PROBE_H_
