#include "agent/endpoint_choice.h"

#include <algorithm>
#include <tuple>

namespace agent {
namespace {

// Smaller is more usable.
auto rank(const PortEndpoint& endpoint) {
  return std::make_tuple(!endpoint.ready, endpoint.terminating, !endpoint.serving, !endpoint.local,
                         endpoint.hints == nullptr);
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool usable_while_terminating(const PortEndpoint& endpoint) {
  return endpoint.serving && endpoint.terminating;
}

// Whether every ready endpoint has a hint of the kind `names` picks and one of them is `wanted`.
template <typename Names>
bool hinted_for(const std::vector<PortEndpoint>& endpoints, Names names, std::string_view wanted) {
  if (wanted.empty()) return false;
  bool one_is_ours = false;
  for (const PortEndpoint& endpoint : endpoints) {
    if (!endpoint.ready) continue;
    if (endpoint.hints == nullptr || names(*endpoint.hints).empty()) return false;
    one_is_ours = one_is_ours || contains(names(*endpoint.hints), wanted);
  }
  return one_is_ours;
}

const std::vector<std::string>& zones(const watchers::EndpointHints& hints) { return hints.zones; }
const std::vector<std::string>& nodes(const watchers::EndpointHints& hints) { return hints.nodes; }

TopologyMode topology_mode(const std::vector<PortEndpoint>& endpoints, const NodeFacts& node) {
  if (hinted_for(endpoints, nodes, node.name)) return TopologyMode::kSameNode;
  if (hinted_for(endpoints, zones, node.zone)) return TopologyMode::kSameZone;
  return TopologyMode::kNone;
}

bool in_topology(const PortEndpoint& endpoint, TopologyMode mode, const NodeFacts& node) {
  switch (mode) {
    case TopologyMode::kNone: return true;
    case TopologyMode::kSameNode: return contains(endpoint.hints->nodes, node.name);
    case TopologyMode::kSameZone: return contains(endpoint.hints->zones, node.zone);
  }
  return true;
}

}  // namespace

std::string_view to_string(TopologyMode mode) {
  switch (mode) {
    case TopologyMode::kNone: return "none";
    case TopologyMode::kSameNode: return "same node";
    case TopologyMode::kSameZone: return "same zone";
  }
  return "unknown";
}

std::vector<PortEndpoint> endpoints_of_port(const watchers::SliceList& slices,
                                            std::string_view port_name, base::Protocol protocol,
                                            base::Family family, std::string_view node_name) {
  std::vector<PortEndpoint> found;
  for (const auto& slice : slices) {
    for (const watchers::EndpointGroup& group : slice->groups) {
      for (const watchers::EndpointPort& port : group.ports) {
        if (port.name != port_name || port.protocol != protocol) continue;
        for (const watchers::Endpoint& endpoint : group.endpoints) {
          if (endpoint.address.family() != family) continue;
          found.push_back({.address = endpoint.address,
                           .port = port.port,
                           .ready = endpoint.ready,
                           .serving = endpoint.serving,
                           .terminating = endpoint.terminating,
                           .local = endpoint.node != nullptr && !node_name.empty() &&
                                    *endpoint.node == node_name,
                           .hints = endpoint.hints.get()});
        }
      }
    }
  }
  std::sort(found.begin(), found.end(), [](const PortEndpoint& a, const PortEndpoint& b) {
    return std::tie(a.address, a.port) != std::tie(b.address, b.port)
               ? std::tie(a.address, a.port) < std::tie(b.address, b.port)
               : rank(a) < rank(b);
  });
  auto same = [](const PortEndpoint& a, const PortEndpoint& b) {
    return a.address == b.address && a.port == b.port;
  };
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
  return found;
}

EndpointChoice choose_endpoints(const std::vector<PortEndpoint>& endpoints, const NodeFacts& node) {
  EndpointChoice choice;
  bool any_ready = false;
  bool any_local_ready = false;
  for (const PortEndpoint& endpoint : endpoints) {
    any_ready = any_ready || endpoint.ready;
    any_local_ready = any_local_ready || (endpoint.ready && endpoint.local);
    choice.has_any = choice.has_any || endpoint.ready || usable_while_terminating(endpoint);
  }
  choice.topology = any_ready ? topology_mode(endpoints, node) : TopologyMode::kNone;
  for (const PortEndpoint& endpoint : endpoints) {
    if (any_ready ? endpoint.ready && in_topology(endpoint, choice.topology, node)
                  : usable_while_terminating(endpoint)) {
      choice.cluster.push_back(endpoint);
    }
    if (endpoint.local && (any_local_ready ? endpoint.ready : usable_while_terminating(endpoint))) {
      choice.local.push_back(endpoint);
    }
  }
  return choice;
}

}  // namespace agent
