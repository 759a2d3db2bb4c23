#ifndef IPVS_AGENT_TESTS_BENCH_CLUSTER_H_
#define IPVS_AGENT_TESTS_BENCH_CLUSTER_H_

#include <memory>
#include <vector>

#include "watchers/objects.h"

namespace bench {

struct ClusterSize {
  int services = 0;
  int endpoints = 0;  // of each Service, in one slice
};

// The objects of a cluster as the watchers leave them: slices were decoded from what an API server
// sends (api_bodies.h). Service i has one TCP port at an address of 10.96.0.0/12.
struct Cluster {
  std::vector<std::shared_ptr<const watchers::Service>> services;
  std::vector<std::shared_ptr<const watchers::EndpointSlice>> slices;
};

Cluster make_cluster(ClusterSize size);

// The name of a node that has one endpoint in 500 of such a cluster.
const char* own_node();

// A slice with an endpoint more, which is on another node and differs with `number` (0-199).
std::shared_ptr<const watchers::EndpointSlice> with_endpoint(const watchers::EndpointSlice& slice,
                                                             int number);
// A slice without its last endpoint.
std::shared_ptr<const watchers::EndpointSlice> without_endpoint(
    const watchers::EndpointSlice& slice);

}  // namespace bench

#endif  // IPVS_AGENT_TESTS_BENCH_CLUSTER_H_
