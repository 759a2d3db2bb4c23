#include "cli/agent_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <string_view>

#include "base/unique_fd.h"

namespace cli {
namespace {

using base::Code;
using base::Status;
using Clock = std::chrono::steady_clock;

Status nobody_answers(const std::string& path, int error_number) {
  std::string text = "no agent answers at " + path + ": ";
  switch (error_number) {
    case ENOENT:
      text +=
          "there is no such socket; is ipvs-agent running on this node? If it has another "
          "ipvsAgent.socket, name it with --socket";
      break;
    case ECONNREFUSED:
      text +=
          "the agent that made the socket is not running any more; start ipvs-agent and ask "
          "again";
      break;
    case EACCES:
    case EPERM:
      return {Code::kPermissionDenied, text + "the socket is for its owner alone; ask as root",
              error_number};
    default: return Status::from_errno(error_number, "no agent answers at " + path);
  }
  return {Code::kUnavailable, text, error_number};
}

base::Result<base::UniqueFd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return nobody_answers(path, ENAMETOOLONG);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  base::UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd || connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return nobody_answers(path, errno);
  }
  return fd;
}

Status send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t sent = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return Status::from_errno(errno, "ask the agent");
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

// Everything until the agent closes the connection.
base::Result<std::string> receive_all(int fd, base::Duration patience) {
  const Clock::time_point deadline = Clock::now() + patience;
  std::string text;
  std::array<char, 65536> buffer{};
  for (;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
    int ready = left.count() <= 0 ? 0 : poll(&entry, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return Status(Code::kUnavailable, "the agent does not finish its answer");
    ssize_t length = recv(fd, buffer.data(), buffer.size(), 0);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return Status::from_errno(errno, "read the agent's answer");
    if (length == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(length));
  }
}

base::Result<Answer> parse(const std::string& text) {
  const Status wrong(Code::kCorrupt, "what answers at the socket is no ipvs-agent");
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  std::size_t end = text.find("\r\n\r\n");
  if (!text.starts_with(kVersion) || end == text.npos) return wrong;
  Answer answer;
  const char* digits = text.data() + kVersion.size();
  if (std::from_chars(digits, text.data() + end, answer.status).ec != std::errc()) return wrong;
  answer.body = text.substr(end + 4);
  return answer;
}

std::string encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  for (unsigned char c : text) {
    bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                 c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      result += static_cast<char>(c);
    } else {
      result += {'%', kDigits[c >> 4U], kDigits[c & 15U]};
    }
  }
  return result;
}

}  // namespace

std::string request_target(const std::string& path, const Parameters& parameters) {
  std::string target = path;
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    target += separator + encoded(name) + "=" + encoded(value);
    separator = '&';
  }
  return target;
}

base::Result<Answer> ask_agent(const std::string& socket, const std::string& method,
                               const std::string& target, base::Duration patience) {
  auto fd = connect_to(socket);
  if (!fd.ok()) return fd.status();
  Status sent = send_all(fd->get(), method + " " + target +
                                        " HTTP/1.1\r\nHost: ipvs-agent\r\nContent-Length: 0\r\n"
                                        "Connection: close\r\n\r\n");
  if (!sent.ok()) return sent;
  auto text = receive_all(fd->get(), patience);
  if (!text.ok()) return text.status();
  return parse(*text);
}

}  // namespace cli
