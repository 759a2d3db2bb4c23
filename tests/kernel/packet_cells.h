#ifndef IPVS_AGENT_TESTS_KERNEL_PACKET_CELLS_H_
#define IPVS_AGENT_TESTS_KERNEL_PACKET_CELLS_H_

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/protocol.h"

// The table of packets: what is asked, of which Service, from where.
namespace kernel_test {

// The kind of address that a client sends to.
enum class Vip : std::uint8_t { kClusterIp, kNodePort, kExternalIp, kLoadBalancer };

// internalTrafficPolicy for a ClusterIP, externalTrafficPolicy for the others.
enum class Policy : std::uint8_t { kCluster, kLocal };

// Where the Service's ready endpoints are: pods on the node under test and on another one.
enum class Endpoints : std::uint8_t { kLocalAndRemote, kOnlyRemote, kNone };

// The client. kEndpoint is a pod on the node that is an endpoint of the Service itself.
enum class From : std::uint8_t { kPod, kEndpoint, kRemotePod, kNode, kOutside };

inline constexpr Vip kVips[] = {Vip::kClusterIp, Vip::kNodePort, Vip::kExternalIp,
                                Vip::kLoadBalancer};
inline constexpr Policy kPolicies[] = {Policy::kCluster, Policy::kLocal};
inline constexpr Endpoints kEndpointSets[] = {Endpoints::kLocalAndRemote, Endpoints::kOnlyRemote,
                                              Endpoints::kNone};
inline constexpr From kClients[] = {From::kPod, From::kEndpoint, From::kRemotePod, From::kNode,
                                    From::kOutside};

std::string_view to_string(Vip vip);
std::string_view to_string(Policy policy);
std::string_view to_string(Endpoints endpoints);
std::string_view to_string(From from);

// A Service of the table; each has a port of every protocol in both families.
struct ServiceCase {
  Vip vip = Vip::kClusterIp;
  Policy policy = Policy::kCluster;
  Endpoints endpoints = Endpoints::kLocalAndRemote;

  friend auto operator<=>(const ServiceCase&, const ServiceCase&) = default;
};

std::string to_string(const ServiceCase& service);
std::vector<ServiceCase> all_services();

// One question: what becomes of a request from there to this?
struct Cell {
  ServiceCase service;
  From from = From::kPod;
  base::Protocol protocol = base::Protocol::kTcp;
  base::Family family = base::Family::kIpv4;

  friend auto operator<=>(const Cell&, const Cell&) = default;
};

std::string to_string(const Cell& cell);

// Whether there is such a client: an endpoint on the node needs a local endpoint.
bool exists(const ServiceCase& service, From from);

// Every cell with this client.
std::vector<Cell> cells_from(From from);

}  // namespace kernel_test

#endif  // IPVS_AGENT_TESTS_KERNEL_PACKET_CELLS_H_
