#include "tests/scenarios/random_cluster.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace scenarios {
namespace {

using base::IpAddress;
using base::IpPrefix;
using base::Protocol;
using watchers::Kind;
using watchers::ServiceType;
using watchers::TrafficPolicy;

const std::vector<const char*> kNames = {"a", "b", "c", "d", "e", "f"};
const std::vector<const char*> kPortNames = {"", "http", "dns"};
const std::vector<const char*> kNodeNames = {"node-1", "node-2", "node-3"};
const std::vector<const char*> kZones = {"zone-1", "zone-2"};
const std::vector<const char*> kClusterIps4 = {"10.96.0.1", "10.96.0.2", "10.96.0.3", "10.96.0.4",
                                               "10.96.0.5", "10.96.0.6", "10.96.0.7"};
const std::vector<const char*> kClusterIps6 = {"fd00:10:96::1", "fd00:10:96::2", "fd00:10:96::3"};
// Some are addresses of the node, some ClusterIPs, some come in both lists.
const std::vector<const char*> kExternalIps = {"198.51.100.1", "198.51.100.2", "192.168.0.10",
                                               "10.96.0.3",    "203.0.113.1",  "2001:db8::1"};
const std::vector<const char*> kIngress = {"203.0.113.1", "203.0.113.2", "192.168.7.10",
                                           "2001:db8::1", "2001:db8::2", "10.96.0.2"};
const std::vector<const char*> kRanges = {"10.0.0.0/8", "192.168.0.0/24", "0.0.0.0/0",
                                          "::/0",       "2001:db8::/32",  "192.0.2.7/32"};
const std::vector<const char*> kEndpoints = {"10.244.1.1",    "10.244.1.2", "10.244.2.1",
                                             "10.244.2.2",    "10.244.3.1", "fd00:10:244::1",
                                             "fd00:10:244::2"};
const std::vector<netconf::NodeAddress> kHostAddresses = {
    {*IpAddress::parse("192.168.0.10"), 24, "eth0"},
    {*IpAddress::parse("192.168.7.10"), 24, "eth1"},
    {*IpAddress::parse("169.254.1.1"), 16, "eth1"},
    {*IpAddress::parse("fd00:1::10"), 64, "eth0"},
    {*IpAddress::parse("fe80::10"), 64, "eth0"}};

}  // namespace

void deliver(fakes::FakeAgent& agent, const Cluster* before, const Cluster& now) {
  agent.node.addresses.set_node_addresses(now.host_addresses);
  agent.loop.addresses_changed();
  static const Cluster kNothing;
  const Cluster& old = before == nullptr ? kNothing : *before;
  auto deliver_map = [&](Kind kind, const auto& had, const auto& has) {
    for (const auto& [key, object] : had) {
      if (!has.contains(key)) agent.remove(kind, key);
    }
    for (const auto& [key, object] : has) {
      auto found = had.find(key);
      if (found == had.end() || !(found->second == object)) agent.put(object);
    }
  };
  deliver_map(Kind::kService, old.services, now.services);
  deliver_map(Kind::kEndpointSlice, old.slices, now.slices);
  if (now.node) agent.put(*now.node);
  if (old.node && !now.node) agent.remove(Kind::kNode, old.node->key);
}

agent::LoopOptions RandomCluster::options() {
  agent::LoopOptions options;
  options.node_name = "node-1";
  if (chance(3)) options.policy.scheduler = "lc";
  if (chance(3)) {
    options.node_ports.primary = true;
  } else if (chance(2)) {
    options.node_ports.cidrs = {*IpPrefix::parse("192.168.7.0/24")};
  }
  return options;
}

void RandomCluster::change(Cluster& cluster) {
  for (std::uint32_t i = below(5) + 1; i > 0; --i) {
    std::string name = one_of(kNames);
    watchers::ObjectKey service_key{"default", name};
    watchers::ObjectKey slice_key{"default", name + (chance(2) ? "-1" : "-2")};
    switch (below(10)) {
      case 0: cluster.services.erase(service_key); break;
      case 1: cluster.slices.erase(slice_key); break;
      case 2: cluster.host_addresses = host_addresses(); break;
      case 3: cluster.node = chance(4) ? std::nullopt : std::optional(node()); break;
      case 4:
      case 5:
      case 6: cluster.services[service_key] = service(name); break;
      default: cluster.slices[slice_key] = slice(slice_key.name); break;
    }
  }
}

std::vector<IpAddress> RandomCluster::some_of(const std::vector<const char*>& pool) {
  std::vector<IpAddress> chosen;
  if (chance(2)) return chosen;
  for (const char* text : pool) {
    if (chance(3)) chosen.push_back(*IpAddress::parse(text));
  }
  return chosen;
}

Protocol RandomCluster::protocol() {
  static const std::vector<Protocol> kProtocols = {Protocol::kTcp, Protocol::kTcp, Protocol::kUdp,
                                                   Protocol::kSctp};
  return one_of(kProtocols);
}

watchers::Service RandomCluster::service(const std::string& name) {
  static const std::vector<ServiceType> kTypes = {ServiceType::kClusterIp, ServiceType::kNodePort,
                                                  ServiceType::kLoadBalancer};
  auto policy = [&] { return chance(3) ? TrafficPolicy::kLocal : TrafficPolicy::kCluster; };
  watchers::Service service;
  service.key = {"default", name};
  service.type = chance(12) ? ServiceType::kExternalName : one_of(kTypes);
  service.headless = chance(12);
  service.served_elsewhere = chance(12);
  if (!chance(5)) service.cluster_ips.push_back(*IpAddress::parse(one_of(kClusterIps4)));
  if (chance(3)) service.cluster_ips.push_back(*IpAddress::parse(one_of(kClusterIps6)));
  for (std::uint32_t i = below(4); i > 0; --i) {
    watchers::ServicePort added = port(service.type != ServiceType::kClusterIp);
    bool known = std::any_of(service.ports.begin(), service.ports.end(), [&](const auto& other) {
      return other.protocol == added.protocol && other.port == added.port;
    });
    if (!known) service.ports.push_back(added);
  }
  service.external_ips = some_of(kExternalIps);
  service.internal_policy = policy();
  service.external_policy = policy();
  if (chance(3)) service.affinity_timeout_s = chance(2) ? 10800 : 600;
  if (service.type != ServiceType::kLoadBalancer) return service;
  for (const IpAddress& ip : some_of(kIngress)) service.ingress.push_back({ip, chance(5)});
  for (const char* range : kRanges) {
    if (chance(6)) service.source_ranges.push_back(*IpPrefix::parse(range));
  }
  service.sources_restricted = !service.source_ranges.empty() || chance(12);
  if (service.external_policy == TrafficPolicy::kLocal) {
    service.health_check_node_port = static_cast<base::Port>(31000 + below(3));
  }
  return service;
}

watchers::ServicePort RandomCluster::port(bool node_port) {
  static const std::vector<base::Port> kPorts = {53, 80, 443};
  watchers::ServicePort port;
  port.name = one_of(kPortNames);
  port.protocol = protocol();
  port.port = one_of(kPorts);
  if (node_port) port.node_port = static_cast<base::Port>(30000 + below(4));
  return port;
}

watchers::EndpointSlice RandomCluster::slice(const std::string& name) {
  watchers::EndpointSlice slice;
  slice.key = {"default", name};
  slice.service = chance(4) ? one_of(kNames) : name.substr(0, name.find('-'));
  slice.groups.emplace_back();
  for (std::uint32_t i = below(4); i > 0; --i) {
    slice.groups[0].ports.push_back(
        {one_of(kPortNames), protocol(), static_cast<base::Port>(8080 + below(3))});
  }
  for (std::uint32_t i = below(6); i > 0; --i) slice.groups[0].endpoints.push_back(endpoint());
  return slice;
}

watchers::Endpoint RandomCluster::endpoint() {
  watchers::Endpoint endpoint;
  endpoint.address = *IpAddress::parse(one_of(kEndpoints));
  endpoint.ready = !chance(3);
  endpoint.serving = endpoint.ready || chance(2);
  endpoint.terminating = !endpoint.ready && chance(2);
  watchers::EndpointPlace place;
  if (!chance(5)) place.node = one_of(kNodeNames);
  if (!chance(5)) {
    place.hints.zones = {one_of(kZones)};
    if (chance(2)) place.hints.nodes = {one_of(kNodeNames)};
  }
  endpoint.place = std::make_shared<const watchers::EndpointPlace>(std::move(place));
  return endpoint;
}

watchers::Node RandomCluster::node() {
  watchers::Node node;
  node.key = {"", "node-1"};
  if (!chance(4)) node.zone = one_of(kZones);
  for (const char* text : {"192.168.0.10", "192.168.7.10", "fd00:1::10"}) {
    if (chance(2)) node.internal_ips.push_back(*IpAddress::parse(text));
  }
  return node;
}

std::vector<netconf::NodeAddress> RandomCluster::host_addresses() {
  std::vector<netconf::NodeAddress> addresses = {{*IpAddress::parse("127.0.0.1"), 8, "lo"},
                                                 {*IpAddress::parse("::1"), 128, "lo"}};
  for (const netconf::NodeAddress& address : kHostAddresses) {
    if (!chance(3)) addresses.push_back(address);
  }
  return addresses;
}

}  // namespace scenarios
