#ifndef IPVS_AGENT_TESTS_BENCH_API_BODIES_H_
#define IPVS_AGENT_TESTS_BENCH_API_BODIES_H_

#include <string>

namespace bench {

// What a real API server sends for EndpointSlices that the slice controller wrote: owner
// references, target references, node and zone names, managedFields. About 4.7 KB a slice of ten
// endpoints; the same numbers give the same text.
std::string endpoint_slice(int number, int endpoints, int version);

// A whole list of them.
std::string endpoint_slice_list(int slices, int endpoints);

// A watch in which slices 0 to events-1 are modified.
std::string endpoint_slice_events(int events, int endpoints);

}  // namespace bench

#endif  // IPVS_AGENT_TESTS_BENCH_API_BODIES_H_
