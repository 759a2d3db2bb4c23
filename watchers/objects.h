#ifndef IPVS_AGENT_WATCHERS_OBJECTS_H_
#define IPVS_AGENT_WATCHERS_OBJECTS_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "base/protocol.h"

// The parts of Kubernetes objects that decide what a node must hold. Values only: no Kubernetes
// types, no JSON. Fields that cannot be understood are left out and named in `problems`; the rest
// of the object stays usable.
namespace watchers {

// Namespace and name. Cluster-scoped objects have an empty namespace.
struct ObjectKey {
  std::string space;
  std::string name;

  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
};

// "default/web", or "node-1" for cluster-scoped objects.
std::string to_string(const ObjectKey& key);

enum class ServiceType : std::uint8_t { kClusterIp, kNodePort, kLoadBalancer, kExternalName };
enum class TrafficPolicy : std::uint8_t { kCluster, kLocal };

// From the API's spelling: "LoadBalancer", "Local".
std::optional<ServiceType> parse_service_type(std::string_view text);
std::optional<TrafficPolicy> parse_traffic_policy(std::string_view text);

struct ServicePort {
  std::string name;  // "" where the Service has one unnamed port
  base::Protocol protocol = base::Protocol::kTcp;
  base::Port port = 0;
  base::Port node_port = 0;  // 0: none

  friend auto operator<=>(const ServicePort&, const ServicePort&) = default;
};

// An entry of status.loadBalancer.ingress that has an IP.
struct LoadBalancerIngress {
  base::IpAddress ip;
  bool proxy_mode = false;  // ipMode Proxy: the node must not take the address over

  friend auto operator<=>(const LoadBalancerIngress&, const LoadBalancerIngress&) = default;
};

struct Service {
  ObjectKey key;
  std::string uid;
  std::string resource_version;
  ServiceType type = ServiceType::kClusterIp;
  bool headless = false;                     // clusterIP "None" or empty
  std::vector<base::IpAddress> cluster_ips;  // one a family at most, the primary one first
  std::vector<ServicePort> ports;
  std::vector<base::IpAddress> external_ips;
  std::vector<LoadBalancerIngress> ingress;
  std::vector<base::IpPrefix> source_ranges;  // loadBalancerSourceRanges, both families
  // Some range is given, even if none could be read: others may not reach the load balancer IPs.
  bool sources_restricted = false;
  TrafficPolicy internal_policy = TrafficPolicy::kCluster;
  TrafficPolicy external_policy = TrafficPolicy::kCluster;
  std::uint32_t affinity_timeout_s = 0;  // sessionAffinity ClientIP: its seconds; 0: None
  base::Port health_check_node_port = 0;
  // The label service.kubernetes.io/service-proxy-name is present: not ours to serve.
  bool served_elsewhere = false;
  // "app=web,tier=front", sorted by name; of metadata.labels. One text, since nothing but questions
  // of people looks at it.
  std::string labels;
  // Annotations under our own prefix ("ipvs-agent.io/"), name without prefix -> value, sorted.
  std::vector<std::pair<std::string, std::string>> annotations;
  std::vector<std::string> problems;

  friend bool operator==(const Service&, const Service&) = default;
};

// Where the slice controller would like an endpoint to be used from (hints.forZones, .forNodes).
struct EndpointHints {
  std::vector<std::string> zones;
  std::vector<std::string> nodes;

  bool empty() const { return zones.empty() && nodes.empty(); }
  friend auto operator<=>(const EndpointHints&, const EndpointHints&) = default;
};

// Where an endpoint is, and where it should be used from: what many endpoints have in common.
struct EndpointPlace {
  std::string node;  // nodeName; "" where it is not given
  EndpointHints hints;

  friend auto operator<=>(const EndpointPlace&, const EndpointPlace&) = default;
};

struct Endpoint {
  base::IpAddress address;  // addresses[0], the only one consumers may use
  bool ready = true;        // conditions.ready; not given means true
  bool serving = true;      // conditions.serving; not given means true
  bool terminating = false;
  // Null where nothing is known of it. Those that one decoder reads are pooled: equal places are
  // one allocation.
  std::shared_ptr<const EndpointPlace> place;

  const std::string& node() const;
  const EndpointHints& hints() const;

  // By value, also behind the pointer.
  friend bool operator==(const Endpoint& a, const Endpoint& b);
};

// One port of a slice. Ports without a number ("all ports") are left out when decoding.
struct EndpointPort {
  std::string name;
  base::Protocol protocol = base::Protocol::kTcp;
  base::Port port = 0;

  friend auto operator<=>(const EndpointPort&, const EndpointPort&) = default;
};

// Endpoints that share their ports. An EndpointSlice has one; an old Endpoints object has one for
// each of its subsets.
struct EndpointGroup {
  std::vector<EndpointPort> ports;
  std::vector<Endpoint> endpoints;

  friend bool operator==(const EndpointGroup&, const EndpointGroup&) = default;
};

// An EndpointSlice, or an Endpoints object seen as one.
struct EndpointSlice {
  ObjectKey key;
  std::string resource_version;
  std::string
      service;  // name of the Service in the same namespace (label kubernetes.io/service-name)
  std::vector<EndpointGroup> groups;
  // Annotation endpoints.kubernetes.io/last-change-trigger-time.
  std::optional<base::WallTime> trigger_time;
  std::vector<std::string> problems;

  friend bool operator==(const EndpointSlice&, const EndpointSlice&) = default;
};

// The node that the agent runs on.
struct Node {
  ObjectKey key;  // empty namespace
  std::string resource_version;
  std::string zone;                           // label topology.kubernetes.io/zone
  std::vector<base::IpAddress> internal_ips;  // status.addresses of type InternalIP, in order
  std::vector<base::IpAddress> external_ips;  // of type ExternalIP
  std::vector<base::IpPrefix> pod_cidrs;      // spec.podCIDRs
  bool being_deleted = false;                 // metadata.deletionTimestamp is set
  bool autoscaler_deletes = false;            // taint ToBeDeletedByClusterAutoscaler
  std::vector<std::string> problems;

  friend bool operator==(const Node&, const Node&) = default;
};

}  // namespace watchers

template <>
struct std::hash<watchers::ObjectKey> {
  std::size_t operator()(const watchers::ObjectKey& key) const noexcept;
};

#endif  // IPVS_AGENT_WATCHERS_OBJECTS_H_
