#include "agent/explanation.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "agent/host_inspection.h"

namespace agent {
namespace {

using watchers::Service;
using watchers::ServicePort;
using watchers::TrafficPolicy;

std::string node_of(const PortEndpoint& endpoint) {
  for (const watchers::EndpointGroup& group : endpoint.slice->groups) {
    for (const watchers::Endpoint& candidate : group.endpoints) {
      if (candidate.address == endpoint.address && !candidate.node().empty()) {
        return candidate.node();
      }
    }
  }
  return "";
}

std::string why_not_served(const Service& service) {
  if (service.type == watchers::ServiceType::kExternalName) {
    return "a Service of type ExternalName is for DNS alone";
  }
  if (service.headless) return "a headless Service has no address to serve: DNS names its pods";
  if (service.ports.empty()) return "it has no ports";
  return "";
}

// The port of the Service that a virtual server is made of; null where it has gone meanwhile.
const ServicePort* port_of(const Service& service, const PlannedVirtualServer& planned,
                           const ipvs::VirtualServerKey& address) {
  for (const ServicePort& port : service.ports) {
    base::Port number = planned.kind == VipKind::kNodePort ? port.node_port : port.port;
    if (number == address.port && port.protocol == planned.protocol) return &port;
  }
  return nullptr;
}

std::string hint_note(TopologyMode mode, const NodeFacts& node) {
  if (mode == TopologyMode::kSameNode) {
    return "every ready endpoint is hinted for nodes, and some for this one (" + node.name + ")";
  }
  return "every ready endpoint is hinted for zones, and some for this node's (" + node.zone + ")";
}

bool can_serve(const VirtualServerStatus& status, const ipvs::Client& client) {
  return status.in_kernel && client.address.family() == status.actual.key.family();
}

ipvs::ForetoldChoice choice_of(const VirtualServerStatus& status, const ipvs::Client& client,
                               const ipvs::FoundTemplates& templates) {
  ipvs::VirtualServerState state;
  state.server = status.actual;
  for (const RealServerStatus& real : status.real_servers) {
    if (!real.in_kernel) continue;
    ipvs::RealServerState& there = state.real_servers.emplace_back();
    there.server = real.server;
    there.place = real.place;
  }
  const bool inside = status.inside_of.port != 0;
  return with_persistence(
      foretell_choice(state, inside ? status.inside_of.address : status.actual.key.address, client),
      state, templates);
}

// IPVS cannot translate the port for a firewall mark with sessions.
std::string affinity_note(const std::string& scheduler) {
  const std::string where =
      "sessionAffinity for clients inside, as the endpoints listen on another port: ";
  if (scheduler != "mh" && scheduler != "sh") {
    return where + "none, because the kernel has neither scheduler mh nor sh";
  }
  return where + "by the hash of the client's address (" + scheduler +
         "), so some clients move when endpoints come or go";
}

class Explainer {
 public:
  Explainer(const Service& service, const watchers::SliceList& slices, const NodeFacts& node)
      : service_(service), slices_(slices), node_(node) {}

  ExplainedVirtualServer virtual_server(const VirtualServerStatus& status) {
    ExplainedVirtualServer explained{.status = status, .notes = {}, .endpoints = {}, .choice = {}};
    const PlannedVirtualServer& planned = status.planned;
    const bool inside = status.inside_of.port != 0;
    const ipvs::VirtualServerKey& address = inside ? status.inside_of : planned.server.key;
    const ServicePort* port = port_of(service_, planned, address);
    if (port == nullptr) return explained;
    const base::Family family = address.family();
    std::vector<PortEndpoint> endpoints =
        endpoints_of_port(slices_, port->name, port->protocol, family, node_.name);
    EndpointJudge judge(endpoints, node_);
    EndpointChoice choice = choose_endpoints(endpoints, node_);
    EndpointScope scope = EndpointScope::kCluster;
    if (planned.kind == VipKind::kClusterIp) {
      scope = internal_scope(service_, *port, family, choice);
    } else if (!inside) {
      scope = external_scope(service_, choice);
    }
    note_scope(planned.kind, inside, scope, explained.notes);
    if (inside && service_.affinity_timeout_s != 0 && planned.server.timeout_s == 0) {
      explained.notes.push_back(affinity_note(planned.server.scheduler));
    }
    if (scope == EndpointScope::kCluster && judge.topology() != TopologyMode::kNone) {
      explained.notes.push_back(hint_note(judge.topology(), node_));
    }
    if (!judge.has_any()) explained.notes.emplace_back("no endpoint is ready or serving");
    std::vector<PortEndpoint> entries =
        entries_of_port(slices_, port->name, port->protocol, family, node_.name);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      judged_.emplace(entries[i].slice, entries[i].address, entries[i].port);
      EndpointVerdict verdict = scope == EndpointScope::kCluster ? judge.for_cluster(entries[i])
                                                                 : judge.for_local(entries[i]);
      ExplainedEndpoint endpoint = named(entries[i]);
      const bool again = i > 0 && entries[i - 1].address == entries[i].address &&
                         entries[i - 1].port == entries[i].port;
      endpoint.used = is_used(verdict) && !again;
      endpoint.why = again ? "duplicate: slice " + explained.endpoints.back().slice +
                                 " names it as well, and that counts"
                           : std::string(to_string(verdict));
      explained.endpoints.push_back(std::move(endpoint));
    }
    return explained;
  }

  // Every entry of a slice that no virtual server could look at.
  std::vector<ExplainedEndpoint> unused() const {
    std::vector<ExplainedEndpoint> found;
    for (const auto& slice : slices_) {
      for (const watchers::EndpointGroup& group : slice->groups) {
        for (const watchers::Endpoint& endpoint : group.endpoints) {
          add_unused(*slice, group, endpoint, found);
        }
      }
    }
    return found;
  }

 private:
  void note_scope(VipKind kind, bool inside, EndpointScope scope,
                  std::vector<std::string>& notes) const {
    const bool internal = kind == VipKind::kClusterIp;
    TrafficPolicy policy = internal ? service_.internal_policy : service_.external_policy;
    if (policy != TrafficPolicy::kLocal) return;
    std::string name = internal ? "internalTrafficPolicy" : "externalTrafficPolicy";
    if (inside) {
      notes.push_back(name +
                      " is Local, which is about clients outside the cluster: this is for "
                      "those inside");
    } else if (scope == EndpointScope::kLocal) {
      notes.push_back(name + " is Local: only endpoints of this node (" + node_.name + ")");
    } else if (scope == EndpointScope::kNobody) {
      notes.push_back(name + " is Local, and no usable endpoint is on this node (" + node_.name +
                      "): connections are refused");
    } else {
      notes.push_back(name + " is Local, but no usable endpoint is on this node (" + node_.name +
                      "): all are used, as kube-proxy does");
    }
  }

  static ExplainedEndpoint named(const PortEndpoint& endpoint) {
    return {.address = endpoint.address,
            .port = endpoint.port,
            .slice = endpoint.slice->key.name,
            .node = node_of(endpoint),
            .used = false,
            .why = {}};
  }

  void add_unused(const watchers::EndpointSlice& slice, const watchers::EndpointGroup& group,
                  const watchers::Endpoint& endpoint, std::vector<ExplainedEndpoint>& found) const {
    ExplainedEndpoint explained{.address = endpoint.address,
                                .port = 0,
                                .slice = slice.key.name,
                                .node = endpoint.node(),
                                .used = false,
                                .why = {}};
    if (group.ports.empty()) {
      explained.why = "its slice names no port with a number";
      found.push_back(explained);
    }
    for (const watchers::EndpointPort& port : group.ports) {
      if (judged_.contains({&slice, endpoint.address, port.port})) continue;
      explained.port = port.port;
      explained.why = why_unused(endpoint.address.family(), port);
      found.push_back(explained);
    }
  }

  std::string why_unused(base::Family family, const watchers::EndpointPort& port) const {
    bool has_family =
        std::any_of(service_.cluster_ips.begin(), service_.cluster_ips.end(),
                    [&](const base::IpAddress& address) { return address.family() == family; });
    if (!has_family) {
      return "wrong family: the Service has no " + std::string(base::to_string(family)) +
             " address";
    }
    return "the Service has no port named \"" + port.name + "\" of protocol " +
           std::string(base::to_string(port.protocol));
  }

  const Service& service_;
  const watchers::SliceList& slices_;
  const NodeFacts& node_;
  std::set<std::tuple<const watchers::EndpointSlice*, base::IpAddress, base::Port>> judged_;
};

}  // namespace

base::Result<PlannedFrom> planned_from(const Loop& loop, const watchers::ObjectKey& service,
                                       base::TimePoint now) {
  PlannedFrom from;
  from.service = loop.snapshot().service(service);
  if (from.service == nullptr) {
    return base::Status(
        base::Code::kNotFound,
        "no Service " + watchers::to_string(service) +
            " is known to the agent: there is none, the API has not told of it yet, or its label "
            "service.kubernetes.io/service-proxy-name or /headless gives it to others");
  }
  from.slices = loop.snapshot().slices(service);
  from.node = loop.node();
  auto status = service_status(loop, *from.service, now);
  if (!status.ok()) return status.status();
  from.status = *std::move(status);
  if (auto applied = loop.applied_at(service)) from.applied = now - *applied;
  return from;
}

base::Result<watchers::ObjectKey> owner_of(const Loop& loop, const ipvs::VirtualServerKey& key) {
  const DesiredHost& desired = loop.host().desired();
  if (const watchers::ObjectKey* owner = desired.owner(key)) return *owner;
  std::string why = "no Service wants " + ipvs::to_string(key);
  auto there = HostInspection(loop.host()).read(std::span(&key, 1));
  if (there.ok() && !there->empty()) {
    why += loop.host().believed().virtual_server(key) != nullptr
               ? "; the kernel still has it, and it goes with the next round"
               : "; the kernel has such a virtual server, but it is not the agent's";
  } else if (desired.wants(key.address)) {
    why +=
        "; the address is served, but not with this port and protocol: `ipvs-agent status -o "
        "wide` lists what is";
  } else {
    why += ", nor its address";
  }
  return base::Status(base::Code::kNotFound, why);
}

Explanation explain_service(PlannedFrom from) {
  Explanation explanation;
  Explainer explainer(*from.service, from.slices, from.node);
  explanation.not_served = why_not_served(*from.service);
  for (const VirtualServerStatus& status : from.status.virtual_servers) {
    explanation.virtual_servers.push_back(explainer.virtual_server(status));
  }
  if (explanation.not_served.empty()) explanation.unused = explainer.unused();
  explanation.from = std::move(from);
  return explanation;
}

Explanation explain_service(PlannedFrom from, const ipvs::Client& client,
                            const ipvs::TemplateSource& templates) {
  Explanation explanation = explain_service(std::move(from));
  std::vector<ipvs::VirtualServer> persistent;
  for (const ExplainedVirtualServer& explained : explanation.virtual_servers) {
    const ipvs::VirtualServer& server = explained.status.actual;
    if (!can_serve(explained.status, client)) continue;
    if ((server.flags & ipvs::kFlagPersistent) != 0) persistent.push_back(server);
  }
  ipvs::FoundTemplates found;
  if (!persistent.empty()) found = templates(persistent, client.address);
  for (ExplainedVirtualServer& explained : explanation.virtual_servers) {
    if (!can_serve(explained.status, client)) continue;
    explained.choice = choice_of(explained.status, client, found);
  }
  return explanation;
}

}  // namespace agent
