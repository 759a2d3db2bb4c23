#ifndef IPVS_AGENT_TESTS_LAB_TOPOLOGY_H_
#define IPVS_AGENT_TESTS_LAB_TOPOLOGY_H_

#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "tests/lab/namespace.h"

namespace lab {

struct TopologyOptions {
  // Before the name of each namespace, and of at most eight characters: "demo" gives demo-node.
  std::string name = "lab";
  int clients = 1;  // each count up to 99
  int pods = 2;
  int remotes = 1;
  // Remotes answer each other and the clients past the node, through a router of their own, as the
  // other nodes of a cluster do: what the node sends on without masquerading is answered behind its
  // back. Only the node's pods are reached through the node. Otherwise everything passes it.
  bool remotes_have_a_router = false;
};

// A cluster seen from one node, in network namespaces, for IPv4 and IPv6:
//
//   client 0..n -- outside 192.0.2.0/24, 2001:db8:1::/64 -- eth0 node eth1 -- inside
//                                                            | |                172.30.0.0/24,
//                                             veth each: pod 0..n               2001:db8:2::/64
//                                             10.244.1.0/24, fd00:10:244:1::/64      |
//                                                                               remote 0..n
//
// The agent runs in `node`, which forwards. Clients, pods and remotes have it as their default
// route, so that any service address reaches it and answers pass it again. A remote is another node
// with one pod: it has an address of the inside and, for servers, one of a pod network of its own.
// Where remotes have a router, that is .254 (::fe) of outside and inside.
//
// Ownership: owns the namespaces; gone with the value.
class Topology {
 public:
  static base::Result<Topology> create(const TopologyOptions& options);

  const Namespace& node() const { return node_; }
  const Namespace& client(std::size_t index = 0) const { return clients_.at(index); }
  const Namespace& pod(std::size_t index = 0) const { return pods_.at(index); }
  const Namespace& remote(std::size_t index = 0) const { return remotes_.at(index); }

  // The node's addresses on eth0 (its Kubernetes address) and on eth1.
  static base::IpAddress node_address(base::Family family);
  static base::IpAddress node_inside_address(base::Family family);
  static base::IpAddress client_address(std::size_t index, base::Family family);
  static base::IpAddress pod_address(std::size_t index, base::Family family);
  // Where servers of a remote listen; the node routes it through remote_host_address().
  static base::IpAddress remote_address(std::size_t index, base::Family family);
  static base::IpAddress remote_host_address(std::size_t index, base::Family family);
  static base::IpPrefix remote_prefix(std::size_t index, base::Family family);
  // The pod network of the node, and that of the whole cluster (remotes' pods included).
  static base::IpPrefix pod_prefix(base::Family family);
  static base::IpPrefix cluster_prefix(base::Family family);

 private:
  Topology(Namespace node, Namespace lan) : node_(std::move(node)), lan_(std::move(lan)) {}
  base::Status join(const TopologyOptions& options);
  base::Status configure_node() const;
  base::Status configure_lan() const;
  base::Status configure_hosts() const;
  base::Status configure_router() const;

  Namespace node_;
  Namespace lan_;  // the switches of both networks
  std::vector<Namespace> clients_;
  std::vector<Namespace> pods_;
  std::vector<Namespace> remotes_;
};

}  // namespace lab

#endif  // IPVS_AGENT_TESTS_LAB_TOPOLOGY_H_
