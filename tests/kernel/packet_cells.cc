#include "tests/kernel/packet_cells.h"

namespace kernel_test {
std::string_view to_string(Vip vip) {
  switch (vip) {
    case Vip::kClusterIp: return "ClusterIP";
    case Vip::kNodePort: return "NodePort";
    case Vip::kExternalIp: return "externalIP";
    case Vip::kLoadBalancer: return "LoadBalancer";
  }
  return "unknown";
}

std::string_view to_string(Policy policy) {
  return policy == Policy::kCluster ? "Cluster" : "Local";
}

std::string_view to_string(Endpoints endpoints) {
  switch (endpoints) {
    case Endpoints::kLocalAndRemote: return "local and remote";
    case Endpoints::kOnlyRemote: return "only remote";
    case Endpoints::kNone: return "none";
  }
  return "unknown";
}

std::string_view to_string(From from) {
  switch (from) {
    case From::kPod: return "a pod on the node";
    case From::kEndpoint: return "an endpoint on the node";
    case From::kRemotePod: return "a remote pod";
    case From::kNode: return "the node itself";
    case From::kOutside: return "outside";
  }
  return "unknown";
}

std::string to_string(const ServiceCase& service) {
  std::string text(to_string(service.vip));
  text += ", policy ";
  text += to_string(service.policy);
  text += ", endpoints: ";
  return text += to_string(service.endpoints);
}

std::vector<ServiceCase> all_services() {
  std::vector<ServiceCase> services;
  for (Vip vip : kVips) {
    for (Policy policy : kPolicies) {
      for (Endpoints endpoints : kEndpointSets) services.push_back({vip, policy, endpoints});
    }
  }
  return services;
}

std::string to_string(const Cell& cell) {
  std::string text(base::to_string(cell.protocol));
  text += ' ';
  text += base::to_string(cell.family);
  text += " from ";
  text += to_string(cell.from);
  return text + " to " + to_string(cell.service);
}

bool exists(const ServiceCase& service, From from) {
  return from != From::kEndpoint || service.endpoints == Endpoints::kLocalAndRemote;
}

std::vector<Cell> cells_from(From from) {
  std::vector<Cell> cells;
  for (const ServiceCase& service : all_services()) {
    if (!exists(service, from)) continue;
    for (base::Protocol protocol :
         {base::Protocol::kTcp, base::Protocol::kUdp, base::Protocol::kSctp}) {
      for (base::Family family : {base::Family::kIpv4, base::Family::kIpv6}) {
        cells.push_back({service, from, protocol, family});
      }
    }
  }
  return cells;
}

}  // namespace kernel_test
