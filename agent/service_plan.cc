#include "agent/service_plan.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "agent/endpoint_choice.h"
#include "agent/endpoint_scope.h"
#include "base/sorted.h"

namespace agent {
namespace {

using base::Family;
using base::IpAddress;
using base::IpPrefix;
using base::Port;
using base::Protocol;
using watchers::Service;
using watchers::ServicePort;
using watchers::TrafficPolicy;

bool holds(const std::vector<IpAddress>& sorted, const IpAddress& address) {
  return std::binary_search(sorted.begin(), sorted.end(), address);
}

// One Service may name one address twice (as external IP and as load balancer IP): the kind that
// comes first in VipKind wins. Leaves them sorted by key.
void keep_first_kinds(std::vector<PlannedVirtualServer>& servers) {
  std::sort(servers.begin(), servers.end(), [](const auto& a, const auto& b) {
    return std::tie(a.server.key, a.kind) < std::tie(b.server.key, b.kind);
  });
  auto same = [](const auto& a, const auto& b) { return a.server.key == b.server.key; };
  servers.erase(std::unique(servers.begin(), servers.end(), same), servers.end());
  servers.shrink_to_fit();
}

// Builds the plan of one Service, port by port and family by family.
class Planner {
 public:
  Planner(const Service& service, const watchers::SliceList& slices, const NodeFacts& node,
          const Policy& policy)
      : service_(service), slices_(slices), node_(node), policy_(policy) {}

  ServicePlan plan() {
    for (const IpAddress& cluster_ip : service_.cluster_ips) {
      if (!policy_.serves(cluster_ip.family())) continue;
      for (const ServicePort& port : service_.ports) plan_port(cluster_ip, port);
      plan_health_check_port(cluster_ip.family());
    }
    if (service_.ports.empty()) plan_.problems.emplace_back("the Service has no ports");
    for (const auto& [name, value] : service_.annotations) {
      plan_.problems.push_back("annotation ipvs-agent.io/" + name +
                               ": refused, because this version knows no annotation of that name; "
                               "it has no effect, remove it");
    }
    finish();
    return std::move(plan_);
  }

 private:
  // What is the same for every address of one port in one family.
  struct PortContext {
    const ServicePort& port;
    Family family;
    EndpointChoice choice;
  };

  void plan_port(const IpAddress& cluster_ip, const ServicePort& port) {
    Family family = cluster_ip.family();
    std::vector<PortEndpoint> endpoints =
        endpoints_of_port(slices_, port.name, port.protocol, family, node_.name);
    for (const PortEndpoint& endpoint : endpoints) {
      if (!endpoint.local) continue;
      add_entry(SetId::kLoopBack, family,
                {.ip = endpoint.address,
                 .protocol = port.protocol,
                 .port = endpoint.port,
                 .ip2 = endpoint.address});
    }
    PortContext context{port, family, choose_endpoints(endpoints, node_)};
    plan_cluster_ip(context, cluster_ip);
    plan_external_ips(context);
    plan_load_balancer(context);
    plan_node_port(context);
    note_no_local_endpoints(context);
  }

  // kube-proxy counts such Services, once a family.
  void note_no_local_endpoints(const PortContext& context) {
    if (!context.choice.has_any || !context.choice.local.empty()) return;
    std::size_t family = context.family == Family::kIpv4 ? 0 : 1;
    NoLocalEndpoints& lacks = plan_.no_local_endpoints;
    if (service_.internal_policy == TrafficPolicy::kLocal) lacks.internal[family] = true;
    if (external_local() && reached_from_outside(service_, context.port, context.family)) {
      lacks.external[family] = true;
    }
  }

  void plan_cluster_ip(const PortContext& context, const IpAddress& address) {
    EndpointScope scope = internal_scope(service_, context.port, context.family, context.choice);
    plan_.virtual_servers.push_back(virtual_server(context, address, context.port.port,
                                                   VipKind::kClusterIp,
                                                   endpoints_in(scope, context.choice)));
    add_entry(SetId::kClusterIp, context.family, ip_port(address, context.port));
    bind(address);
  }

  bool external_local() const { return service_.external_policy == TrafficPolicy::kLocal; }

  void plan_external_ips(const PortContext& context) {
    for (const IpAddress& address : service_.external_ips) {
      if (address.family() != context.family) continue;
      add_external(context, address, context.port.port, VipKind::kExternalIp);
      add_entry(external_local() ? SetId::kExternalIpLocal : SetId::kExternalIp, context.family,
                ip_port(address, context.port));
      bind_unless_of_node(address);
    }
  }

  void plan_load_balancer(const PortContext& context) {
    for (const watchers::LoadBalancerIngress& ingress : service_.ingress) {
      if (ingress.proxy_mode || ingress.ip.family() != context.family) continue;
      add_external(context, ingress.ip, context.port.port, VipKind::kLoadBalancer);
      netconf::IpsetEntry entry = ip_port(ingress.ip, context.port);
      add_entry(SetId::kLoadBalancer, context.family, entry);
      if (external_local()) add_entry(SetId::kLoadBalancerLocal, context.family, entry);
      plan_source_ranges(context, entry);
      bind_unless_of_node(ingress.ip);
    }
  }

  // With ranges of the other family only, this family's address is closed, not open; a range of all
  // addresses opens it, and a hash set of nets could not hold it.
  void plan_source_ranges(const PortContext& context, const netconf::IpsetEntry& vip) {
    if (!service_.sources_restricted || everybody_may_come(context.family)) return;
    add_entry(SetId::kLoadBalancerFw, context.family, vip);
    bool node_inside = false;
    for (const IpPrefix& range : service_.source_ranges) {
      if (range.family() != context.family) continue;
      for (const IpAddress& address : node_.primary_addresses) {
        node_inside = node_inside || range.contains(address);
      }
      netconf::IpsetEntry entry = vip;
      entry.ip2 = range.masked().address();
      entry.prefix2 = static_cast<std::uint8_t>(range.length());
      add_entry(SetId::kLoadBalancerSourceCidr, context.family, entry);
    }
    if (node_inside) {
      netconf::IpsetEntry entry = vip;
      entry.ip2 = vip.ip;
      add_entry(SetId::kLoadBalancerSourceIp, context.family, entry);
    }
  }

  bool everybody_may_come(Family family) const {
    return std::any_of(
        service_.source_ranges.begin(), service_.source_ranges.end(),
        [&](const IpPrefix& range) { return range.family() == family && range.length() == 0; });
  }

  void plan_node_port(const PortContext& context) {
    Port node_port = context.port.node_port;
    if (node_port == 0) return;
    for (const IpAddress& address : node_.node_port_addresses) {
      if (address.family() != context.family) continue;
      add_external(context, address, node_port, VipKind::kNodePort);
      if (context.port.protocol == Protocol::kSctp) {
        netconf::IpsetEntry entry{
            .ip = address, .protocol = Protocol::kSctp, .port = node_port, .ip2 = {}};
        add_entry(SetId::kNodePortSctp, context.family, entry);
        if (external_local()) add_entry(SetId::kNodePortLocalSctp, context.family, entry);
      }
    }
    if (context.port.protocol == Protocol::kSctp) return;
    bool tcp = context.port.protocol == Protocol::kTcp;
    netconf::IpsetEntry entry{.ip = {}, .port = node_port, .ip2 = {}};
    add_entry(tcp ? SetId::kNodePortTcp : SetId::kNodePortUdp, context.family, entry);
    if (external_local()) {
      add_entry(tcp ? SetId::kNodePortLocalTcp : SetId::kNodePortLocalUdp, context.family, entry);
    }
  }

  void plan_health_check_port(Family family) {
    if (service_.health_check_node_port == 0) return;
    add_entry(SetId::kHealthCheckNodePort, family,
              {.ip = {}, .port = service_.health_check_node_port, .ip2 = {}});
    if (plan_.health.port != 0) return;  // one for both families
    plan_.health = {service_.health_check_node_port, count_ready_local(slices_, node_.name)};
  }

  // externalTrafficPolicy is about traffic from outside: clients inside the cluster may go
  // anywhere.
  void add_external(const PortContext& context, const IpAddress& address, Port port, VipKind kind) {
    plan_.virtual_servers.push_back(
        virtual_server(context, address, port, kind,
                       endpoints_in(external_scope(service_, context.choice), context.choice)));
    if (!external_local()) return;
    plan_.inside.push_back(virtual_server(context, address, port, kind, context.choice.cluster));
  }

  PlannedVirtualServer virtual_server(const PortContext& context, const IpAddress& address,
                                      Port port, VipKind kind,
                                      const std::vector<PortEndpoint>& endpoints) const {
    PlannedVirtualServer planned;
    planned.kind = kind;
    planned.protocol = context.port.protocol;
    planned.server.key = {.address = address, .port = port, .protocol = context.port.protocol};
    planned.server.scheduler = policy_.scheduler;
    planned.server.flags = policy_.scheduler_flags;
    planned.server.persistence_prefix = static_cast<std::uint8_t>(address.bits());
    if (service_.affinity_timeout_s != 0) {
      planned.server.flags |= ipvs::kFlagPersistent;
      planned.server.timeout_s = service_.affinity_timeout_s;
    }
    RealServerList::Servers servers;
    servers.reserve(endpoints.size());
    for (const PortEndpoint& endpoint : endpoints) {
      ipvs::RealServer server;
      server.key = {.address = endpoint.address, .port = endpoint.port};
      servers.push_back(server);
    }
    planned.real_servers = std::move(servers);
    return planned;
  }

  static netconf::IpsetEntry ip_port(const IpAddress& address, const ServicePort& port) {
    return {.ip = address, .protocol = port.protocol, .port = port.port, .ip2 = {}};
  }

  void add_entry(SetId set, Family family, const netconf::IpsetEntry& entry) {
    plan_.set_entries.push_back({.set = set, .family = family, .entry = entry});
  }

  // An address that the node has as well must keep reaching the node's own ports.
  void bind(const IpAddress& address) {
    plan_.addresses.push_back(address);
    if (!holds(node_.addresses, address)) {
      add_entry(SetId::kIpvsIps, address.family(), {.ip = address, .ip2 = {}});
    }
  }

  void bind_unless_of_node(const IpAddress& address) {
    if (!holds(node_.addresses, address) && !address.is_loopback()) bind(address);
  }

  void finish() {
    keep_first_kinds(plan_.virtual_servers);
    keep_first_kinds(plan_.inside);
    // An external IP that is the Service's own ClusterIP stays that.
    std::erase_if(plan_.inside, [&](const PlannedVirtualServer& inside) {
      return std::any_of(plan_.virtual_servers.begin(), plan_.virtual_servers.end(),
                         [&](const PlannedVirtualServer& outside) {
                           return outside.server.key == inside.server.key &&
                                  outside.kind != inside.kind;
                         });
    });
    base::sort_unique(plan_.addresses);
    base::sort_unique(plan_.set_entries);
    plan_.set_entries.shrink_to_fit();
  }

  const Service& service_;
  const watchers::SliceList& slices_;
  const NodeFacts& node_;
  const Policy& policy_;
  ServicePlan plan_;
};

}  // namespace

std::string_view to_string(VipKind kind) {
  switch (kind) {
    case VipKind::kClusterIp: return "ClusterIP";
    case VipKind::kLoadBalancer: return "LoadBalancer";
    case VipKind::kExternalIp: return "externalIP";
    case VipKind::kNodePort: return "NodePort";
  }
  return "unknown";
}

ServicePlan plan_service(const Service& service, const watchers::SliceList& slices,
                         const NodeFacts& node, const Policy& policy) {
  if (service.headless || service.served_elsewhere ||
      service.type == watchers::ServiceType::kExternalName) {
    return {};
  }
  return Planner(service, slices, node, policy).plan();
}

}  // namespace agent
