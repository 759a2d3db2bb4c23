#include "agent/listen_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace agent {
namespace {

constexpr int kBacklog = 64;

base::Status listen_failure(const ListenAddress& where, int error_number) {
  std::string context = "listen on " + to_string(where);
  if (error_number == EADDRINUSE) {
    context +=
        ", which another program uses (is kube-proxy still running on this node? `ss -ltnp` tells "
        "who it is)";
  } else if (error_number == EADDRNOTAVAIL) {
    context += ", an address this host does not have (choose one of its own, or 0.0.0.0)";
  } else if (error_number == EACCES) {
    context += ", a port that needs CAP_NET_BIND_SERVICE (choose one above 1023)";
  }
  return base::Status::from_errno(error_number, context);
}

// `family` is AF_INET or AF_INET6; an unspecified IPv4 address may be listened on as IPv6's.
base::Result<base::UniqueFd> listen_as(int family, const ListenAddress& where) {
  base::UniqueFd fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return listen_failure(where, errno);
  const int on = 1;
  const int off = 0;
  // Connections of the last run that wait for their end do not keep the port; another listener
  // still does.
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_storage storage{};
  socklen_t length = 0;
  if (family == AF_INET6) {
    const int* only = where.address.is_unspecified() ? &off : &on;
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, only, sizeof(*only));
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(where.port);
    if (!where.address.is_ipv4()) {
      std::memcpy(&address.sin6_addr, where.address.bytes().data(), sizeof(address.sin6_addr));
    }
    length = sizeof(address);
    std::memcpy(&storage, &address, length);
  } else {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(where.port);
    if (where.address.is_ipv4()) {
      std::memcpy(&address.sin_addr, where.address.bytes().data(), sizeof(address.sin_addr));
    }
    length = sizeof(address);
    std::memcpy(&storage, &address, length);
  }
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0 ||
      listen(fd.get(), kBacklog) != 0) {
    return listen_failure(where, errno);
  }
  return fd;
}

}  // namespace

base::Result<base::UniqueFd> listen_on(const ListenAddress& where) {
  if (!where.address.is_unspecified()) {
    return listen_as(base::address_family(where.address.family()), where);
  }
  base::Result<base::UniqueFd> both = listen_as(AF_INET6, where);
  if (both.ok()) return both;
  int reason = both.status().error_number();
  // Without IPv6 there is no such family, or not even the unspecified address of it.
  if (reason != EAFNOSUPPORT && reason != EADDRNOTAVAIL) return both;
  return listen_as(AF_INET, where);
}

base::Result<ListenAddress> bound_address(int socket) {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
    return base::Status::from_errno(errno, "getsockname");
  }
  if (storage.ss_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, &storage, sizeof(address));
    auto* bytes = reinterpret_cast<const std::uint8_t*>(&address.sin_addr);
    return ListenAddress{base::IpAddress::from_bytes({bytes, 4}), ntohs(address.sin_port)};
  }
  if (storage.ss_family != AF_INET6) {
    return base::Status(base::Code::kUnsupported, "no socket of an IP address");
  }
  sockaddr_in6 address{};
  std::memcpy(&address, &storage, sizeof(address));
  auto* bytes = reinterpret_cast<const std::uint8_t*>(&address.sin6_addr);
  return ListenAddress{base::IpAddress::from_bytes({bytes, 16}), ntohs(address.sin6_port)};
}

}  // namespace agent
