#include "tests/apiserver/resource_types.h"

#include <array>
#include <vector>

namespace apiserver {

std::span<const ResourceType> resource_types() {
  static const std::array<ResourceType, 10> types = {{
      {"", "v1", "services", "Service", true, "svc"},
      {"", "v1", "endpoints", "Endpoints", true, "ep"},
      {"", "v1", "nodes", "Node", false, "no"},
      {"", "v1", "namespaces", "Namespace", false, "ns"},
      {"", "v1", "pods", "Pod", true, "po"},
      {"", "v1", "configmaps", "ConfigMap", true, "cm"},
      {"", "v1", "events", "Event", true, "ev"},
      {"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true, ""},
      {"events.k8s.io", "v1", "events", "Event", true, "ev"},
      {"networking.k8s.io", "v1", "servicecidrs", "ServiceCIDR", false, ""},
  }};
  return types;
}

const ResourceType* find_kind(std::string_view api_version, std::string_view kind) {
  for (const ResourceType& type : resource_types()) {
    if (type.kind == kind && type.api_version() == api_version) return &type;
  }
  return nullptr;
}

std::optional<ResourcePath> parse_resource_path(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    if (path.front() != '/') return std::nullopt;
    path.remove_prefix(1);
    auto end = path.find('/');
    if (end != 0 && !path.empty()) parts.emplace_back(path.substr(0, end));
    path.remove_prefix(end == std::string_view::npos ? path.size() : end);
  }
  ResourcePath found;
  std::size_t at = 0;
  if (parts.size() >= 2 && parts[0] == "api") {
    found.version = parts[1];
    at = 2;
  } else if (parts.size() >= 3 && parts[0] == "apis") {
    found.group = parts[1];
    found.version = parts[2];
    at = 3;
  } else {
    return std::nullopt;
  }
  if (parts.size() > at + 2 && parts[at] == "namespaces") {
    found.space = parts[at + 1];
    at += 2;
  }
  if (parts.size() > at + 3) return std::nullopt;
  if (parts.size() > at) found.plural = parts[at];
  if (parts.size() > at + 1) found.name = parts[at + 1];
  if (parts.size() > at + 2) found.subresource = parts[at + 2];
  for (const ResourceType& type : resource_types()) {
    if (type.group == found.group && type.version == found.version && type.plural == found.plural) {
      found.type = &type;
    }
  }
  return found;
}

}  // namespace apiserver
