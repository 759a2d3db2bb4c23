#include "watchers/endpoint_pool.h"

namespace watchers {

SharedString EndpointPool::node(std::string_view name) {
  key_ = name;
  return nodes_.get(key_, [&] { return std::string(name); });
}

std::shared_ptr<const EndpointHints> EndpointPool::hints(const EndpointHints& hints) {
  if (hints.zones.empty() && hints.nodes.empty()) return nullptr;
  key_.clear();
  for (const std::string& zone : hints.zones) key_.append(zone).push_back('\n');
  key_.push_back('\t');
  for (const std::string& node : hints.nodes) key_.append(node).push_back('\n');
  return hints_.get(key_, [&] { return hints; });
}

}  // namespace watchers
