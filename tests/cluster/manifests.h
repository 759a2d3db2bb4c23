#ifndef IPVS_AGENT_TESTS_CLUSTER_MANIFESTS_H_
#define IPVS_AGENT_TESTS_CLUSTER_MANIFESTS_H_

#include <map>
#include <string>
#include <vector>

#include "base/protocol.h"

// Kubernetes objects as JSON text, with what a service proxy looks at and nothing else. Empty
// members are left out, so that the API server's defaults apply.
namespace cluster {

using Labels = std::map<std::string, std::string>;

struct ServicePortManifest {
  std::string name{};  // may be empty for a single port
  base::Port port = 80;
  base::Port target_port = 8080;
  base::Protocol protocol = base::Protocol::kTcp;
};

struct ServiceManifest {
  std::string name{};
  Labels labels{};
  Labels selector{};  // empty: no controller makes EndpointSlices for it
  std::vector<ServicePortManifest> ports = {{}};
  std::string cluster_ip{};               // "" lets the server choose; "None" is headless
  std::string ip_family_policy{};         // SingleStack, PreferDualStack, RequireDualStack
  std::vector<std::string> families{};    // IPv4, IPv6
  int affinity_seconds = 0;               // over 0: sessionAffinity ClientIP with that time-out
  std::string internal_traffic_policy{};  // Cluster, Local

  std::string json() const;
};

struct EndpointManifest {
  std::string address{};
  bool ready = true;
  bool serving = true;
  bool terminating = false;
  std::string node{};
  std::string zone{};
};

struct SlicePortManifest {
  std::string name{};
  base::Port port = 8080;
  base::Protocol protocol = base::Protocol::kTcp;
};

// A slice as a user or a controller of his own would write it.
struct EndpointSliceManifest {
  std::string name{};
  std::string service{};  // the label kubernetes.io/service-name; empty: left out
  Labels labels{};
  std::string address_type = "IPv4";
  std::vector<EndpointManifest> endpoints{};
  std::vector<SlicePortManifest> ports = {{}};

  std::string json() const;
};

// A Pod that nobody runs: its node is said to be chosen, and its status is patched in.
struct PodManifest {
  std::string name{};
  Labels labels{};
  std::string node{};
  std::vector<std::string> addresses{};  // the first is the primary one
  bool ready = true;

  std::string json() const;
  // The merge patch for ".../pods/NAME/status".
  std::string status_patch() const;
};

struct NodeManifest {
  std::string name{};
  Labels labels{};
  std::vector<std::string> addresses{};  // InternalIP
  std::vector<std::string> pod_cidrs{};

  std::string json() const;
  // The merge patch for "/api/v1/nodes/NAME/status": addresses, and that it is ready.
  std::string status_patch() const;
};

std::string namespace_json(const std::string& name);

}  // namespace cluster

#endif  // IPVS_AGENT_TESTS_CLUSTER_MANIFESTS_H_
