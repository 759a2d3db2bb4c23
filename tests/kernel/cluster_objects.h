#ifndef IPVS_AGENT_TESTS_KERNEL_CLUSTER_OBJECTS_H_
#define IPVS_AGENT_TESTS_KERNEL_CLUSTER_OBJECTS_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/protocol.h"

namespace kernel_test {

struct ServicePort {
  base::Protocol protocol = base::Protocol::kTcp;
  base::Port port = 80;
  base::Port target = 8080;
  std::string name = {};  // must be given where a Service has several
};

struct Endpoint {
  base::IpAddress address;
  bool ready = true;
  // The node it runs on; what is on the agent's node can be reached through its own Service.
  std::string node = "other";
};

base::IpAddress ip(std::string_view text);

// A ClusterIP Service of the namespace "default".
nlohmann::json make_service(const std::string& name, const std::vector<base::IpAddress>& ips,
                            const std::vector<ServicePort>& ports);

// The EndpointSlice SERVICE-SUFFIX, of the family of its first endpoint (IPv4 without any).
nlohmann::json make_slice(const std::string& service, const std::string& suffix,
                          const std::vector<ServicePort>& ports,
                          const std::vector<Endpoint>& endpoints);

}  // namespace kernel_test

#endif  // IPVS_AGENT_TESTS_KERNEL_CLUSTER_OBJECTS_H_
