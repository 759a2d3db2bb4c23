#include "watchers/objects.h"

namespace watchers {
namespace {

const EndpointPlace kNoPlace;

const EndpointPlace& place_of(const Endpoint& endpoint) {
  return endpoint.place ? *endpoint.place : kNoPlace;
}

}  // namespace

std::string to_string(const ObjectKey& key) {
  return key.space.empty() ? key.name : key.space + "/" + key.name;
}

std::optional<ServiceType> parse_service_type(std::string_view text) {
  if (text == "ClusterIP") return ServiceType::kClusterIp;
  if (text == "NodePort") return ServiceType::kNodePort;
  if (text == "LoadBalancer") return ServiceType::kLoadBalancer;
  if (text == "ExternalName") return ServiceType::kExternalName;
  return std::nullopt;
}

std::optional<TrafficPolicy> parse_traffic_policy(std::string_view text) {
  if (text == "Cluster") return TrafficPolicy::kCluster;
  if (text == "Local") return TrafficPolicy::kLocal;
  return std::nullopt;
}

bool operator==(const Endpoint& a, const Endpoint& b) {
  return a.address == b.address && a.ready == b.ready && a.serving == b.serving &&
         a.terminating == b.terminating && (a.place == b.place || place_of(a) == place_of(b));
}

const std::string& Endpoint::node() const { return place_of(*this).node; }

const EndpointHints& Endpoint::hints() const { return place_of(*this).hints; }

}  // namespace watchers

std::size_t std::hash<watchers::ObjectKey>::operator()(
    const watchers::ObjectKey& key) const noexcept {
  std::size_t space = std::hash<std::string>()(key.space);
  // The golden-ratio step of boost::hash_combine: "a/b" and "b/a" differ.
  return std::hash<std::string>()(key.name) + 0x9e3779b97f4a7c15U + (space << 6U) + (space >> 2U);
}
