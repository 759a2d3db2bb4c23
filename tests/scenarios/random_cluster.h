#ifndef IPVS_AGENT_TESTS_SCENARIOS_RANDOM_CLUSTER_H_
#define IPVS_AGENT_TESTS_SCENARIOS_RANDOM_CLUSTER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "agent/loop.h"
#include "netconf/address_table.h"
#include "tests/fakes/fake_node.h"
#include "watchers/objects.h"

namespace scenarios {

// All that an agent is told, and the addresses that its host has.
struct Cluster {
  std::map<watchers::ObjectKey, watchers::Service> services;
  std::map<watchers::ObjectKey, watchers::EndpointSlice> slices;
  std::optional<watchers::Node> node;
  std::vector<netconf::NodeAddress> host_addresses;
};

// Sets the host's addresses, and delivers what differs from `before`; null: everything.
void deliver(fakes::FakeAgent& agent, const Cluster* before, const Cluster& now);

// Clusters with every kind of Service, policy, hint and condition, the same ones for the same seed.
// Names, addresses and ports come from small ranges, so that Services meet on addresses, slices
// move, and the node has addresses that Services claim.
class RandomCluster {
 public:
  explicit RandomCluster(std::uint64_t seed) : random_(seed) {}

  // Options that differ in scheduler and nodePortAddresses.
  agent::LoopOptions options();
  // Changes one to five things of the cluster.
  void change(Cluster& cluster);

 private:
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }
  bool chance(std::uint32_t one_in) { return below(one_in) == 0; }
  template <typename T>
  const T& one_of(const std::vector<T>& pool) {
    return pool[below(static_cast<std::uint32_t>(pool.size()))];
  }
  std::vector<base::IpAddress> some_of(const std::vector<const char*>& pool);
  base::Protocol protocol();

  watchers::Service service(const std::string& name);
  watchers::ServicePort port(bool node_port);
  watchers::EndpointSlice slice(const std::string& name);
  watchers::Endpoint endpoint();
  watchers::Node node();
  std::vector<netconf::NodeAddress> host_addresses();

  std::mt19937_64 random_;
};

}  // namespace scenarios

#endif  // IPVS_AGENT_TESTS_SCENARIOS_RANDOM_CLUSTER_H_
