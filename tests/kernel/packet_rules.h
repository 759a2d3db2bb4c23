#ifndef IPVS_AGENT_TESTS_KERNEL_PACKET_RULES_H_
#define IPVS_AGENT_TESTS_KERNEL_PACKET_RULES_H_

#include <compare>
#include <cstdint>
#include <set>

#include "tests/kernel/packet_cells.h"

// What must become of a packet: the documented rules, and nothing that was recorded.
namespace kernel_test {

enum class Fate : std::uint8_t {
  kAnswered,
  kRefused,  // at once, by ICMP "port unreachable"
  kSilence,  // the client waits until it gives up
};

// Where the endpoint is that answered.
enum class Server : std::uint8_t { kLocal, kRemote };

// What that endpoint saw as the source address.
enum class Source : std::uint8_t {
  kClient,          // the client's own
  kNode,            // masqueraded: one of the node's
  kServiceAddress,  // the address that the client asked: a client on the node has it as its own
};

struct Outcome {
  Fate fate = Fate::kAnswered;
  Server server = Server::kLocal;   // where answered
  Source source = Source::kClient;  // where answered

  friend auto operator<=>(const Outcome&, const Outcome&) = default;
};

// Whose rules: this agent's, or kube-proxy's in IPVS mode.
enum class Proxy : std::uint8_t { kAgent, kKubeProxy };

// How the node tells the pods' traffic, which need not be masqueraded: the configuration.
enum class Detection : std::uint8_t {
  kClusterCidr,      // detectLocalMode ClusterCIDR with a clusterCIDR
  kNodeCidr,         // detectLocalMode NodeCIDR
  kInterfacePrefix,  // detectLocalMode InterfaceNamePrefix; BridgeInterface is alike
  kNothing,          // ClusterCIDR without a clusterCIDR
  kMasqueradeAll,    // iptables.masqueradeAll
};

inline constexpr Detection kDetections[] = {Detection::kClusterCidr, Detection::kNodeCidr,
                                            Detection::kInterfacePrefix, Detection::kNothing,
                                            Detection::kMasqueradeAll};

// Every outcome that requests have which take turns at the endpoints. The cell's protocol and
// family do not matter.
std::set<Outcome> expected(const Cell& cell, Detection detection = Detection::kClusterCidr,
                           Proxy proxy = Proxy::kAgent);

}  // namespace kernel_test

#endif  // IPVS_AGENT_TESTS_KERNEL_PACKET_RULES_H_
