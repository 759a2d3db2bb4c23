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

// One that is used only if no other endpoint is ready.
EndpointVerdict verdict_on_unready(const PortEndpoint& endpoint, bool any_ready) {
  if (usable_while_terminating(endpoint)) {
    return any_ready ? EndpointVerdict::kOthersReady : EndpointVerdict::kLastResort;
  }
  return endpoint.terminating ? EndpointVerdict::kStopped : EndpointVerdict::kNotReady;
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

std::string_view to_string(EndpointVerdict verdict) {
  switch (verdict) {
    case EndpointVerdict::kReady: return "ready";
    case EndpointVerdict::kLastResort: return "terminating but serving, and no other is ready";
    case EndpointVerdict::kNotReady: return "not ready";
    case EndpointVerdict::kOthersReady: return "terminating, and others are ready";
    case EndpointVerdict::kStopped: return "terminating and not serving any more";
    case EndpointVerdict::kForOtherNodes: return "hinted for other nodes";
    case EndpointVerdict::kForOtherZones: return "hinted for other zones";
    case EndpointVerdict::kOnOtherNode: return "on another node, and the traffic policy is Local";
  }
  return "unknown";
}

bool is_used(EndpointVerdict verdict) {
  return verdict == EndpointVerdict::kReady || verdict == EndpointVerdict::kLastResort;
}

std::vector<PortEndpoint> entries_of_port(const watchers::SliceList& slices,
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
                           .local = !node_name.empty() && endpoint.node() == node_name,
                           .hints = endpoint.hints().empty() ? nullptr : &endpoint.hints(),
                           .slice = slice.get()});
        }
      }
    }
  }
  std::sort(found.begin(), found.end(), [](const PortEndpoint& a, const PortEndpoint& b) {
    return std::tie(a.address, a.port) != std::tie(b.address, b.port)
               ? std::tie(a.address, a.port) < std::tie(b.address, b.port)
               : rank(a) < rank(b);
  });
  return found;
}

std::vector<PortEndpoint> endpoints_of_port(const watchers::SliceList& slices,
                                            std::string_view port_name, base::Protocol protocol,
                                            base::Family family, std::string_view node_name) {
  std::vector<PortEndpoint> found = entries_of_port(slices, port_name, protocol, family, node_name);
  auto same = [](const PortEndpoint& a, const PortEndpoint& b) {
    return a.address == b.address && a.port == b.port;
  };
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
  return found;
}

EndpointJudge::EndpointJudge(const std::vector<PortEndpoint>& endpoints, const NodeFacts& node)
    : node_(node) {
  for (const PortEndpoint& endpoint : endpoints) {
    any_ready_ = any_ready_ || endpoint.ready;
    any_local_ready_ = any_local_ready_ || (endpoint.ready && endpoint.local);
    has_any_ = has_any_ || endpoint.ready || usable_while_terminating(endpoint);
  }
  if (any_ready_) topology_ = topology_mode(endpoints, node);
}

EndpointVerdict EndpointJudge::for_cluster(const PortEndpoint& endpoint) const {
  if (!endpoint.ready) return verdict_on_unready(endpoint, any_ready_);
  if (topology_ == TopologyMode::kSameNode && !contains(endpoint.hints->nodes, node_.name)) {
    return EndpointVerdict::kForOtherNodes;
  }
  if (topology_ == TopologyMode::kSameZone && !contains(endpoint.hints->zones, node_.zone)) {
    return EndpointVerdict::kForOtherZones;
  }
  return EndpointVerdict::kReady;
}

EndpointVerdict EndpointJudge::for_local(const PortEndpoint& endpoint) const {
  if (!endpoint.local) return EndpointVerdict::kOnOtherNode;
  return endpoint.ready ? EndpointVerdict::kReady : verdict_on_unready(endpoint, any_local_ready_);
}

EndpointChoice choose_endpoints(const std::vector<PortEndpoint>& endpoints, const NodeFacts& node) {
  EndpointJudge judge(endpoints, node);
  EndpointChoice choice;
  choice.topology = judge.topology();
  choice.has_any = judge.has_any();
  for (const PortEndpoint& endpoint : endpoints) {
    if (is_used(judge.for_cluster(endpoint))) choice.cluster.push_back(endpoint);
    if (is_used(judge.for_local(endpoint))) choice.local.push_back(endpoint);
  }
  return choice;
}

}  // namespace agent
