#include "watchers/resource.h"

namespace watchers {

WatchedResource services() {
  WatchedResource resource;
  resource.resource = Resource::kServices;
  resource.kind = Kind::kService;
  resource.name = "services";
  resource.path = "/api/v1/services";
  resource.group_path = "/api/v1";
  resource.label_selector = "!service.kubernetes.io/service-proxy-name";
  resource.field_selector = "spec.clusterIP!=None";
  resource.field_selector_optional = true;
  return resource;
}

WatchedResource endpoint_slices() {
  WatchedResource resource;
  resource.resource = Resource::kEndpointSlices;
  resource.kind = Kind::kEndpointSlice;
  resource.name = "endpointslices.discovery.k8s.io";
  resource.path = "/apis/discovery.k8s.io/v1/endpointslices";
  resource.group_path = "/apis/discovery.k8s.io/v1";
  resource.label_selector = "!service.kubernetes.io/headless";
  return resource;
}

WatchedResource endpoints() {
  WatchedResource resource;
  resource.resource = Resource::kEndpoints;
  resource.kind = Kind::kEndpointSlice;
  resource.name = "endpoints";
  resource.path = "/api/v1/endpoints";
  resource.group_path = "/api/v1";
  resource.label_selector = "!service.kubernetes.io/headless";
  return resource;
}

WatchedResource own_node(const std::string& name) {
  WatchedResource resource;
  resource.resource = Resource::kNodes;
  resource.kind = Kind::kNode;
  resource.name = "nodes";
  resource.path = "/api/v1/nodes";
  resource.group_path = "/api/v1";
  resource.field_selector = "metadata.name=" + name;
  return resource;
}

std::string selecting_path(const WatchedResource& resource, bool with_optional_field) {
  std::string path = resource.path + '?';
  if (!resource.label_selector.empty()) {
    path += "labelSelector=" + percent_encoded(resource.label_selector) + '&';
  }
  bool select_field = with_optional_field || !resource.field_selector_optional;
  if (!resource.field_selector.empty() && select_field) {
    path += "fieldSelector=" + percent_encoded(resource.field_selector) + '&';
  }
  return path;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (char c : text) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      encoded += c;
    } else {
      auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += kHex[byte >> 4U];
      encoded += kHex[byte & 15U];
    }
  }
  return encoded;
}

}  // namespace watchers
