#include "watchers/cluster_access.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>

#include "base/ip_address.h"
#include "base/unique_fd.h"

namespace watchers {
namespace {

constexpr std::size_t kLargestFile = std::size_t{4} * 1024 * 1024;

base::Status url_failure(std::string_view text, std::string_view why) {
  return {base::Code::kInvalidArgument,
          "\"" + std::string(text.substr(0, 200)) +
              "\" is not the URL of an API server: " + std::string(why)};
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  base::Result<base::IpAddress> address = base::IpAddress::parse(host);
  return address && address->is_loopback();
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

bool is_path_character(char c) { return c > ' ' && c < 0x7f && c != '?' && c != '#' && c != '"'; }

}  // namespace

base::Result<ServerUrl> ServerUrl::parse(std::string_view text) {
  constexpr std::string_view kForm = "expected https://HOST[:PORT][/PATH]";
  ServerUrl url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    url.tls = false;
    url.port = 80;
  } else {
    return url_failure(text, kForm);
  }

  std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  url.path = rest.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();
  if (!std::all_of(url.path.begin(), url.path.end(), is_path_character)) {
    return url_failure(text, kForm);
  }

  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return url_failure(text, "']' is missing");
    url.host = authority.substr(1, close - 1);
    base::Result<base::IpAddress> address = base::IpAddress::parse(url.host);
    if (!address) return url_failure(text, address.status().message());
    url.host = address->to_string();
    port = authority.substr(close + 1);
    has_port = !port.empty();
    if (has_port && port.front() != ':') return url_failure(text, kForm);
    if (has_port) port.remove_prefix(1);
  } else {
    std::size_t colon = authority.find(':');
    if (colon != authority.rfind(':')) {
      return url_failure(text, "an IPv6 address must be put in brackets: https://[fd00::1]:6443");
    }
    url.host = authority.substr(0, colon);
    has_port = colon != std::string_view::npos;
    if (has_port) port = authority.substr(colon + 1);
    if (url.host.empty() || !std::all_of(url.host.begin(), url.host.end(), is_host_character)) {
      return url_failure(text, kForm);
    }
  }
  if (has_port) {
    auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc() || end != port.data() + port.size() || url.port == 0) {
      return url_failure(text, "the port must be 1 to 65535");
    }
  }
  if (!url.tls && !is_loopback(url.host)) {
    return url_failure(text,
                       "plain http is allowed to a loopback address only, as it would send the "
                       "credentials in clear; use https://");
  }
  return url;
}

std::string ServerUrl::to_string() const {
  bool brackets = host.find(':') != std::string::npos;
  return std::string(tls ? "https://" : "http://") + (brackets ? "[" : "") + host +
         (brackets ? "]" : "") + ":" + std::to_string(port) + path;
}

base::Result<std::string> PemSource::read(std::string_view label) const {
  std::string pem = text;
  if (pem.empty()) {
    base::Result<std::string> read = read_file(file);
    if (!read) return read;
    pem = *std::move(read);
  }
  std::size_t begin = pem.find("-----BEGIN ");
  std::size_t end = begin == std::string::npos ? begin : pem.find("-----", begin + 11);
  while (end != std::string::npos) {
    if (std::string_view(pem).substr(begin, end - begin).ends_with(label)) return pem;
    begin = pem.find("-----BEGIN ", end);
    end = begin == std::string::npos ? begin : pem.find("-----", begin + 11);
  }
  return base::Status(base::Code::kInvalidArgument,
                      (text.empty() ? file : std::string("the text")) +
                          ": found no PEM block \"-----BEGIN " + std::string(label) + "-----\"");
}

base::Result<std::string> read_file(const std::string& path) {
  base::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return base::Status::from_errno(errno, path);
  std::string content;
  std::array<char, std::size_t{16} * 1024> block;
  for (;;) {
    ssize_t got = ::read(fd.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::Status::from_errno(errno, path);
    if (got == 0) return content;
    content.append(block.data(), static_cast<std::size_t>(got));
    if (content.size() > kLargestFile) {
      return base::Status(base::Code::kInvalidArgument,
                          path + ": the file is larger than 4 MiB, which is not plausible here");
    }
  }
}

}  // namespace watchers
