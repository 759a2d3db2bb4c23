#ifndef IPVS_AGENT_AGENT_KUBERNETES_EVENT_H_
#define IPVS_AGENT_AGENT_KUBERNETES_EVENT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "watchers/objects.h"

namespace agent {

// What a user shall read in `kubectl describe` of an object.
struct KubernetesEvent {
  std::string kind;            // "Service" or "Node"
  watchers::ObjectKey object;  // a Node has no namespace
  std::string uid;             // the object's; "" where it is not known
  bool warning = true;
  std::string reason;         // one word in CamelCase, for machines
  std::string note;           // one sentence or two; cut at 1 kB
  bool of_this_node = false;  // another node may have nothing to tell of it

  friend bool operator==(const KubernetesEvent&, const KubernetesEvent&) = default;
};

// Equal for what says the same of the same object, on whatever node unless it is of_this_node.
std::uint64_t identity_of(const KubernetesEvent& event, std::string_view node);

// Where to POST it: the path of its namespace's events. A Node's are in "default", as the
// kubelet's.
std::string path_of(const KubernetesEvent& event);

// The body, an Event of events.k8s.io/v1. Its name is made of the object's, the identity and the
// hour: of all nodes that tell the same within an hour the first one succeeds, and the API server
// refuses the others' (409) instead of keeping one from each node.
std::string to_json(const KubernetesEvent& event, const std::string& node, base::WallTime now);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_KUBERNETES_EVENT_H_
