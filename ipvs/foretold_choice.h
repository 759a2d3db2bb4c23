#ifndef IPVS_AGENT_IPVS_FORETOLD_CHOICE_H_
#define IPVS_AGENT_IPVS_FORETOLD_CHOICE_H_

#include <chrono>
#include <optional>
#include <string>

#include "base/ip_address.h"
#include "ipvs/ipvs_table.h"

namespace ipvs {

// Who opens a connection, as its packets reach this host.
struct Client {
  base::IpAddress address;
  base::Port port = 0;  // 0: not known
};

// What is known of the choice before it is made.
struct ForetoldChoice {
  std::optional<RealServerKey> server;  // no value: none gets it, or nobody can tell
  std::string why;                      // how that comes, a clause
  // How long the kernel's template of the client lasts that led to it; no value where none did.
  std::optional<std::chrono::seconds> session_left{};
};

// Without persistence, for which see with_persistence(): the real server that the scheduler of a
// virtual server would give a new connection of the client, where the scheduler goes by a hash (sh,
// dh, mh); others go by the state of the moment. `state` is what was read from the kernel;
// `destination` the address that the client connects to, which a firewall mark does not tell. Pure.
//
// Kernel notes: the tables have the sizes of an unchanged kernel configuration (256 places for sh
// and dh, 4093 for mh), and the hashes are those of Linux 4.18 and newer on 64-bit processors with
// the lower byte first. The kernel fills the tables in the order of its own list of real servers,
// RealServerState::place.
ForetoldChoice foretell_choice(const VirtualServerState& state, const base::IpAddress& destination,
                               const Client& client);

}  // namespace ipvs

#endif  // IPVS_AGENT_IPVS_FORETOLD_CHOICE_H_
