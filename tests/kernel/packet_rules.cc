#include "tests/kernel/packet_rules.h"

namespace kernel_test {
namespace {

bool is_external(Vip vip) { return vip != Vip::kClusterIp; }

bool is_on_node(From from) { return from == From::kPod || from == From::kEndpoint; }

std::set<Server> every_endpoint(Endpoints endpoints) {
  switch (endpoints) {
    case Endpoints::kLocalAndRemote: return {Server::kLocal, Server::kRemote};
    case Endpoints::kOnlyRemote: return {Server::kRemote};
    case Endpoints::kNone: break;
  }
  return {};
}

// Policy Local without a local endpoint. Inside: nobody is asked. From outside kube-proxy's IPVS
// mode, other than its other modes, asks every endpoint instead, for the pods of the node.
std::set<Server> endpoints_without_a_local_one(const ServiceCase& service) {
  return is_external(service.vip) ? every_endpoint(service.endpoints) : std::set<Server>{};
}

// externalTrafficPolicy Local is for clients outside the cluster: this agent lets those inside, as
// far as it can tell them, ask every endpoint, as kube-proxy's other modes do.
bool is_inside(const Cell& cell, Detection detection, Proxy proxy) {
  if (proxy != Proxy::kAgent || !is_external(cell.service.vip)) return false;
  if (cell.service.policy != Policy::kLocal) return false;
  switch (detection) {
    case Detection::kClusterCidr:
    case Detection::kMasqueradeAll: return cell.from != From::kOutside;
    case Detection::kNodeCidr:
    case Detection::kInterfacePrefix: return cell.from == From::kNode || is_on_node(cell.from);
    case Detection::kNothing: return cell.from == From::kNode;
  }
  return false;
}

std::set<Server> endpoints_asked(const ServiceCase& service, bool inside) {
  std::set<Server> all = every_endpoint(service.endpoints);
  if (service.policy == Policy::kCluster || inside) return all;
  return all.contains(Server::kLocal) ? std::set<Server>{Server::kLocal}
                                      : endpoints_without_a_local_one(service);
}

// Who need not be masqueraded when he asks a ClusterIP.
bool is_trusted(From from, Detection detection) {
  switch (detection) {
    case Detection::kClusterCidr: return is_on_node(from) || from == From::kRemotePod;
    case Detection::kNodeCidr:
    case Detection::kInterfacePrefix: return is_on_node(from);
    // All but the node itself, whose requests come from the ClusterIP.
    case Detection::kNothing: return from != From::kNode;
    case Detection::kMasqueradeAll: return false;
  }
  return false;
}

// Policy Cluster masquerades whatever asks an external address, as the answer must come back
// through this node. Policy Local keeps the client's address: that is what it is for; but the node
// itself, and whoever inside asks a node port, may be answered by any endpoint. For a ClusterIP the
// policy does not matter.
bool is_masqueraded(const Cell& cell, Detection detection, bool inside) {
  if (inside && (cell.from == From::kNode || cell.service.vip == Vip::kNodePort)) return true;
  if (is_external(cell.service.vip)) return cell.service.policy == Policy::kCluster;
  return !is_trusted(cell.from, detection);
}

Source source_seen(const Cell& cell, Server server, Detection detection, bool inside) {
  // Nobody can talk to himself by way of another: hairpin traffic is always masqueraded.
  if (cell.from == From::kEndpoint && server == Server::kLocal) return Source::kNode;
  if (is_masqueraded(cell, detection, inside)) return Source::kNode;
  if (cell.from != From::kNode) return Source::kClient;
  // The node chooses as source the very address it asks, as that is its own.
  return cell.service.vip == Vip::kNodePort ? Source::kNode : Source::kServiceAddress;
}

// Whether the endpoint's answer passes this node, which alone can give it the service's address.
// What goes to the node does; so does all that comes from or goes to a pod on it. A remote endpoint
// answers others directly; and its own node too has the service address.
bool answer_comes_back(const Cell& cell, Server server, Source source) {
  return source == Source::kNode || server == Server::kLocal || is_on_node(cell.from);
}

}  // namespace

std::set<Outcome> expected(const Cell& cell, Detection detection, Proxy proxy) {
  const bool inside = is_inside(cell, detection, proxy);
  std::set<Outcome> outcomes;
  for (Server server : endpoints_asked(cell.service, inside)) {
    Source source = source_seen(cell, server, detection, inside);
    outcomes.insert(answer_comes_back(cell, server, source)
                        ? Outcome{Fate::kAnswered, server, source}
                        : Outcome{.fate = Fate::kSilence});
  }
  if (outcomes.empty()) outcomes.insert({.fate = Fate::kRefused});
  return outcomes;
}

}  // namespace kernel_test
