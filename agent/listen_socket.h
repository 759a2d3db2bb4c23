#ifndef IPVS_AGENT_AGENT_LISTEN_SOCKET_H_
#define IPVS_AGENT_AGENT_LISTEN_SOCKET_H_

#include "agent/listen_address.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace agent {

// A TCP socket that listens at `where`. An unspecified address takes connections of both families
// where the host has IPv6, otherwise those of IPv4.
// Errors: name the address and, for a port in use and an address the host does not have, what to
// do about it.
base::Result<base::UniqueFd> listen_on(const ListenAddress& where);

// Where a socket is bound, or for a connection its own end; tells the port the kernel chose.
base::Result<ListenAddress> bound_address(int socket);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_LISTEN_SOCKET_H_
