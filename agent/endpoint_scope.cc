#include "agent/endpoint_scope.h"

#include <algorithm>

namespace agent {

using watchers::TrafficPolicy;

bool reached_from_outside(const watchers::Service& service, const watchers::ServicePort& port,
                          base::Family family) {
  return port.node_port != 0 ||
         std::any_of(service.external_ips.begin(), service.external_ips.end(),
                     [&](const auto& address) { return address.family() == family; }) ||
         std::any_of(service.ingress.begin(), service.ingress.end(), [&](const auto& ingress) {
           return !ingress.proxy_mode && ingress.ip.family() == family;
         });
}

EndpointScope internal_scope(const watchers::Service& service, const watchers::ServicePort& port,
                             base::Family family, const EndpointChoice& choice) {
  if (service.internal_policy != TrafficPolicy::kLocal) return EndpointScope::kCluster;
  if (!choice.local.empty()) return EndpointScope::kLocal;
  return reached_from_outside(service, port, family) ? EndpointScope::kCluster
                                                     : EndpointScope::kNobody;
}

EndpointScope external_scope(const watchers::Service& service, const EndpointChoice& choice) {
  return service.external_policy == TrafficPolicy::kLocal && !choice.local.empty()
             ? EndpointScope::kLocal
             : EndpointScope::kCluster;
}

const std::vector<PortEndpoint>& endpoints_in(EndpointScope scope, const EndpointChoice& choice) {
  static const std::vector<PortEndpoint> kNone;
  switch (scope) {
    case EndpointScope::kCluster: return choice.cluster;
    case EndpointScope::kLocal: return choice.local;
    case EndpointScope::kNobody: return kNone;
  }
  return kNone;
}

}  // namespace agent
