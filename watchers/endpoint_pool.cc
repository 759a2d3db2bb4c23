#include "watchers/endpoint_pool.h"

namespace watchers {

std::shared_ptr<const EndpointPlace> EndpointPool::place(const EndpointPlace& place) {
  if (place.node.empty() && place.hints.empty()) return nullptr;
  key_ = place.node;
  for (const std::string& zone : place.hints.zones) key_.append("\n").append(zone);
  for (const std::string& node : place.hints.nodes) key_.append("\t").append(node);
  return places_.get(key_, [&] { return place; });
}

}  // namespace watchers
