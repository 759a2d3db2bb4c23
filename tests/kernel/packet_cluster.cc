#include "tests/kernel/packet_cluster.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tests/kernel/cluster_objects.h"

namespace kernel_test {
namespace {

using base::Family;
using base::IpAddress;
using base::Protocol;
using lab::Topology;

constexpr Family kFamilies[] = {Family::kIpv4, Family::kIpv6};
constexpr Protocol kProtocols[] = {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp};
constexpr base::Port kPort = 80;
constexpr base::Port kServerPort = 8080;
constexpr base::Port kFirstNodePort = 30000;
// Requests a cell: two rounds over two endpoints.
constexpr int kRequests = 4;
// Long enough for every protocol to have sent its request twice, and for slow machines.
constexpr std::chrono::seconds kSilence(8);

constexpr char kLocalServer[] = "local";
constexpr char kRemoteServer[] = "remote";

int number_of(const ServiceCase& service) {
  return static_cast<int>(service.vip) * 6 + static_cast<int>(service.policy) * 3 +
         static_cast<int>(service.endpoints);
}

IpAddress cluster_ip(const ServiceCase& service, Family family) {
  std::string number = std::to_string(number_of(service) + 1);
  return ip((family == Family::kIpv4 ? "10.96.7." : "fd00:96::7:") + number);
}

// The address that belongs to the kind; of a NodePort the node's.
IpAddress vip(const ServiceCase& service, Family family) {
  bool v4 = family == Family::kIpv4;
  std::string number = std::to_string(number_of(service) + 1);
  switch (service.vip) {
    case Vip::kClusterIp: return cluster_ip(service, family);
    case Vip::kNodePort: return Topology::node_address(family);
    case Vip::kExternalIp: return ip((v4 ? "203.0.113." : "2001:db8:e::") + number);
    case Vip::kLoadBalancer: return ip((v4 ? "198.51.100." : "2001:db8:f::") + number);
  }
  throw std::runtime_error("no such kind of address");
}

base::Port node_port(const ServiceCase& service) {
  return static_cast<base::Port>(kFirstNodePort + number_of(service));
}

std::string name_of(const ServiceCase& service) {
  return "service-" + std::to_string(number_of(service));
}

std::vector<ServicePort> service_ports() {
  std::vector<ServicePort> ports;
  for (Protocol protocol : kProtocols) {
    ports.push_back({protocol, kPort, kServerPort, std::string(base::to_lower(protocol))});
  }
  return ports;
}

nlohmann::json service_object(const ServiceCase& service) {
  nlohmann::json object = make_service(
      name_of(service), {cluster_ip(service, Family::kIpv4), cluster_ip(service, Family::kIpv6)},
      service_ports());
  nlohmann::json& spec = object["spec"];
  std::string policy(to_string(service.policy));
  spec[service.vip == Vip::kClusterIp ? "internalTrafficPolicy" : "externalTrafficPolicy"] = policy;
  switch (service.vip) {
    case Vip::kClusterIp: break;
    case Vip::kNodePort:
      spec["type"] = "NodePort";
      for (nlohmann::json& port : spec["ports"]) port["nodePort"] = node_port(service);
      break;
    case Vip::kExternalIp:
      for (Family family : kFamilies) {
        spec["externalIPs"].push_back(vip(service, family).to_string());
      }
      break;
    case Vip::kLoadBalancer:
      spec["type"] = "LoadBalancer";
      spec["allocateLoadBalancerNodePorts"] = false;
      for (Family family : kFamilies) {
        object["status"]["loadBalancer"]["ingress"].push_back(
            {{"ip", vip(service, family).to_string()}});
      }
      break;
  }
  return object;
}

std::vector<Endpoint> endpoints_of(const ServiceCase& service, Family family) {
  Endpoint local{.address = Topology::pod_address(0, family), .node = kNodeName};
  Endpoint remote{.address = Topology::remote_address(0, family)};
  switch (service.endpoints) {
    case Endpoints::kLocalAndRemote: return {local, remote};
    case Endpoints::kOnlyRemote: return {remote};
    case Endpoints::kNone: break;
  }
  return {};
}

std::vector<std::string> configuration(Detection detection) {
  std::string cidrs = "clusterCIDR: " + Topology::cluster_prefix(Family::kIpv4).to_string() + "," +
                      Topology::cluster_prefix(Family::kIpv6).to_string();
  switch (detection) {
    case Detection::kClusterCidr: return {cidrs};
    case Detection::kNodeCidr: return {"detectLocalMode: NodeCIDR"};
    case Detection::kInterfacePrefix:
      return {"detectLocalMode: InterfaceNamePrefix", "detectLocal: {interfaceNamePrefix: pod}"};
    case Detection::kNothing: return {};
    case Detection::kMasqueradeAll: return {cidrs, "iptables: {masqueradeAll: true}"};
  }
  return {};
}

nlohmann::json node_object() {
  return {
      {"kind", "Node"},
      {"apiVersion", "v1"},
      {"metadata", {{"name", kNodeName}}},
      {"spec",
       {{"podCIDR", Topology::pod_prefix(Family::kIpv4).to_string()},
        {"podCIDRs",
         {Topology::pod_prefix(Family::kIpv4).to_string(),
          Topology::pod_prefix(Family::kIpv6).to_string()}}}},
      {"status",
       {{"addresses",
         {{{"type", "InternalIP"}, {"address", Topology::node_address(Family::kIpv4).to_string()}},
          {{"type", "InternalIP"},
           {"address", Topology::node_address(Family::kIpv6).to_string()}}}}}}};
}

bool is_of_node(const IpAddress& address) {
  // The last is what the node has towards each pod.
  const IpAddress of_node[] = {Topology::node_address(Family::kIpv4),
                               Topology::node_inside_address(Family::kIpv4),
                               Topology::node_address(Family::kIpv6),
                               Topology::node_inside_address(Family::kIpv6), ip("10.244.1.1")};
  return std::find(std::begin(of_node), std::end(of_node), address) != std::end(of_node);
}

}  // namespace

PacketCluster::PacketCluster()
    : lab_(
          {.name = "cells", .clients = 1, .pods = 2, .remotes = 2, .remotes_have_a_router = true}) {
  add_server(Server::kLocal, lab_.network().pod(0));
  add_server(Server::kRemote, lab_.network().remote(0));
  route_services(lab_.network().remote(1));
  // Each refusal is looked at.
  for (const char* path : {"net/ipv4/icmp_ratelimit", "net/ipv6/icmp/ratelimit"}) {
    base::Status set = lab_.node().set_sysctl(path, "0");
    if (!set) throw std::runtime_error(set.message());
  }
  lab_.put(node_object());
  add_services();
}

void PacketCluster::start_agent(Detection detection) {
  if (lab_.running()) (void)lab_.stop();
  lab_.configure(configuration(detection));
  if (!lab_.start()) throw std::runtime_error("the agent does not start:\n" + lab_.log());
}

void PacketCluster::add_server(Server place, const lab::Namespace& where) {
  std::vector<lab::Target> targets;
  for (Family family : kFamilies) {
    IpAddress address = place == Server::kLocal ? Topology::pod_address(0, family)
                                                : Topology::remote_address(0, family);
    for (Protocol protocol : kProtocols) targets.push_back({protocol, address, kServerPort});
  }
  auto server = lab::EchoServer::start(
      where, place == Server::kLocal ? kLocalServer : kRemoteServer, targets);
  if (!server) throw std::runtime_error(server.status().message());
  servers_.push_back(std::move(*server));
}

void PacketCluster::add_services() {
  for (const ServiceCase& service : all_services()) {
    for (Family family : kFamilies) {
      nlohmann::json slice = make_slice(name_of(service), family == Family::kIpv4 ? "v4" : "v6",
                                        service_ports(), endpoints_of(service, family));
      slice["addressType"] = base::to_string(family);
      lab_.put(slice);
    }
    lab_.put(service_object(service));
  }
}

void PacketCluster::route_services(const lab::Namespace& remote) const {
  for (Family family : kFamilies) {
    for (const ServiceCase& service : all_services()) {
      if (service.vip == Vip::kNodePort) continue;
      base::Result<std::string> added =
          remote.check({"ip", "route", "add", vip(service, family).to_string(), "via",
                        Topology::node_inside_address(family).to_string()});
      if (!added) throw std::runtime_error(added.status().message());
    }
  }
}

PacketCluster::Client PacketCluster::client(From from, Family family) const {
  const Topology& network = lab_.network();
  switch (from) {
    case From::kPod: return {&network.pod(1), Topology::pod_address(1, family)};
    case From::kEndpoint: return {&network.pod(0), Topology::pod_address(0, family)};
    case From::kRemotePod: return {&network.remote(1), Topology::remote_address(1, family)};
    case From::kNode: return {&network.node(), std::nullopt};
    case From::kOutside: return {&network.client(0), Topology::client_address(0, family)};
  }
  throw std::runtime_error("no such client");
}

lab::Target PacketCluster::target(const Cell& cell) {
  return {cell.protocol, vip(cell.service, cell.family),
          cell.service.vip == Vip::kNodePort ? node_port(cell.service) : kPort};
}

std::optional<Source> PacketCluster::source(const Cell& cell, const IpAddress& seen) const {
  if (is_of_node(seen)) return Source::kNode;
  if (seen == target(cell).address) return Source::kServiceAddress;
  if (seen == client(cell.from, cell.family).address) return Source::kClient;
  return std::nullopt;
}

void PacketCluster::note(const Cell& cell, const lab::ProbeResult& result,
                         Observation& observation) const {
  std::string text(lab::to_string(result.end));
  if (result.end == lab::ProbeEnd::kSilence) {
    observation.outcomes.insert({.fate = Fate::kSilence});
  } else if (result.end == lab::ProbeEnd::kUnreachable) {
    observation.outcomes.insert({.fate = Fate::kRefused});
  } else if (result.end == lab::ProbeEnd::kAnswered) {
    text += " by " + result.reply.server + ", which saw " + result.reply.peer.to_string();
    std::optional<Source> from = source(cell, result.reply.peer);
    if (from) {
      Server server = result.reply.server == kLocalServer ? Server::kLocal : Server::kRemote;
      observation.outcomes.insert({Fate::kAnswered, server, *from});
    } else {
      observation.unforeseen = true;
    }
  } else {
    observation.unforeseen = true;
  }
  if (result.error_number != 0) text += ", errno " + std::to_string(result.error_number);
  observation.requests.push_back(std::move(text));
}

base::Result<std::vector<Observation>> PacketCluster::observe(
    std::span<const Cell> cells, std::span<const std::set<Outcome>> expected) const {
  std::vector<lab::Probe> probes;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    Client from = client(cells[i].from, cells[i].family);
    lab::Probe probe{.from = from.where, .to = target(cells[i]), .source = from.address};
    // The node's own sockets choose the address that they ask, which is local. An SCTP socket that
    // chooses for itself tells the server all of the node's, and the server then tries them.
    if (!from.address && cells[i].protocol == Protocol::kSctp) probe.source = probe.to.address;
    if (expected[i].contains({.fate = Fate::kSilence})) probe.patience = kSilence;
    probes.insert(probes.end(), kRequests, probe);
  }
  base::Result<std::vector<lab::ProbeResult>> results = lab::run_probes(probes);
  if (!results) return results.status();
  std::vector<Observation> observations(cells.size());
  for (std::size_t i = 0; i < results->size(); ++i) {
    std::size_t cell = i / kRequests;
    note(cells[cell], (*results)[i], observations[cell]);
  }
  return observations;
}

}  // namespace kernel_test
