#ifndef IPVS_AGENT_TESTS_LAB_TARGET_H_
#define IPVS_AGENT_TESTS_LAB_TARGET_H_

#include <sys/socket.h>

#include <compare>
#include <string>

#include "base/ip_address.h"
#include "base/protocol.h"

namespace lab {

// Where a server listens or a client sends: "TCP 10.0.0.1:80", "UDP [fd00::1]:53".
struct Target {
  base::Protocol protocol = base::Protocol::kTcp;
  base::IpAddress address;
  base::Port port = 0;

  friend auto operator<=>(const Target&, const Target&) = default;
};

std::string to_string(const Target& target);

// The kernel's form of an address with its port, and back.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  base::IpAddress address() const;
  base::Port port() const;
};

SocketAddress socket_address(const base::IpAddress& address, base::Port port);
// Large enough to be filled by accept() or recvfrom().
SocketAddress empty_socket_address();

}  // namespace lab

#endif  // IPVS_AGENT_TESTS_LAB_TARGET_H_
