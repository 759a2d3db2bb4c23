#ifndef IPVS_AGENT_WATCHERS_RESOURCE_H_
#define IPVS_AGENT_WATCHERS_RESOURCE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "watchers/object_event.h"

namespace watchers {

// The API resources that can be decoded.
enum class Resource : std::uint8_t { kServices, kEndpointSlices, kEndpoints, kNodes };

// What to ask the API server for: a resource and which of its objects.
struct WatchedResource {
  Resource resource = Resource::kServices;
  Kind kind = Kind::kService;  // what its objects are delivered as
  std::string name;            // as RBAC rules spell it: "endpointslices.discovery.k8s.io"
  std::string path;            // "/apis/discovery.k8s.io/v1/endpointslices"
  std::string group_path;      // what exists if the server knows the API group: path of the group
  std::string label_selector;  // as in the API, not encoded; "" for every object
  std::string field_selector;
  // The server may not know the field of the selector yet: it can be left out.
  bool field_selector_optional = false;
};

// Services but for those that another proxy serves; headless ones are left out where the server can
// select by clusterIP (Kubernetes 1.31).
WatchedResource services();
// EndpointSlices but for those of headless Services.
WatchedResource endpoint_slices();
// The Endpoints of clusters that have no discovery.k8s.io/v1.
WatchedResource endpoints();
// The one Node of that name.
WatchedResource own_node(const std::string& name);

// The path of `resource` and the query that selects its objects, ending in '?' or '&' so that
// further "key=value" parts can be put behind it.
std::string selecting_path(const WatchedResource& resource, bool with_optional_field);

// For the value of a query parameter: everything but letters, digits and -._~ becomes %XX.
std::string percent_encoded(std::string_view text);

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_RESOURCE_H_
