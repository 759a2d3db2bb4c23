#ifndef IPVS_AGENT_AGENT_ENDPOINT_SCOPE_H_
#define IPVS_AGENT_AGENT_ENDPOINT_SCOPE_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/endpoint_choice.h"
#include "watchers/objects.h"

namespace agent {

// Which of a port's endpoints one of its addresses leads to.
enum class EndpointScope : std::uint8_t {
  kCluster,  // EndpointChoice::cluster
  kLocal,    // EndpointChoice::local
  kNobody,   // none: the policy is Local, there is no local one, and no fallback
};

// Whether a port is reached by other addresses of the family than the ClusterIP.
bool reached_from_outside(const watchers::Service& service, const watchers::ServicePort& port,
                          base::Family family);

// Of the ClusterIP. internalTrafficPolicy Local without a local endpoint: nothing, unless the port
// is reached from outside as well; then kube-proxy falls back to all endpoints, and so do we.
EndpointScope internal_scope(const watchers::Service& service, const watchers::ServicePort& port,
                             base::Family family, const EndpointChoice& choice);

// Of all other addresses. externalTrafficPolicy Local without a local endpoint: all of them, as
// kube-proxy; pods of this node still get through, and the load balancer's health check keeps the
// outside away.
EndpointScope external_scope(const watchers::Service& service, const EndpointChoice& choice);

const std::vector<PortEndpoint>& endpoints_in(EndpointScope scope, const EndpointChoice& choice);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_ENDPOINT_SCOPE_H_
