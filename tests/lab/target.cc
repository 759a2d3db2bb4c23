#include "tests/lab/target.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>
#include <span>

namespace lab {

std::string to_string(const Target& target) {
  std::string text(base::to_string(target.protocol));
  bool brackets = !target.address.is_ipv4();
  text += brackets ? " [" : " ";
  text += target.address.to_string();
  text += brackets ? "]:" : ":";
  return text + std::to_string(target.port);
}

base::IpAddress SocketAddress::address() const {
  if (storage.ss_family == AF_INET6) {
    const auto* six = reinterpret_cast<const sockaddr_in6*>(&storage);
    return base::IpAddress::from_bytes({six->sin6_addr.s6_addr, 16});
  }
  const auto* four = reinterpret_cast<const sockaddr_in*>(&storage);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&four->sin_addr);
  return base::IpAddress::from_bytes({bytes, 4});
}

base::Port SocketAddress::port() const {
  // Both families keep the port at the same place.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

SocketAddress socket_address(const base::IpAddress& address, base::Port port) {
  SocketAddress result;
  if (address.is_ipv4()) {
    auto* four = reinterpret_cast<sockaddr_in*>(&result.storage);
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    std::memcpy(&four->sin_addr, address.bytes().data(), 4);
    result.length = sizeof(sockaddr_in);
  } else {
    auto* six = reinterpret_cast<sockaddr_in6*>(&result.storage);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    std::memcpy(&six->sin6_addr, address.bytes().data(), 16);
    result.length = sizeof(sockaddr_in6);
  }
  return result;
}

SocketAddress empty_socket_address() {
  SocketAddress result;
  result.length = sizeof(sockaddr_storage);
  return result;
}

}  // namespace lab
