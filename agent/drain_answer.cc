#include "agent/drain_answer.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "agent/host_inspection.h"

namespace agent {
namespace {

// As many real servers are looked at for one answer.
constexpr std::size_t kMostServers = 500;

bool takes_connections(const PlannedVirtualServer& server) {
  return std::any_of(server.real_servers.begin(), server.real_servers.end(),
                     [](const ipvs::RealServer& real) { return real.weight > 0; });
}

void add_servers(const watchers::ObjectKey& service, const watchers::SliceList& slices,
                 const ServicePlan& plan, OrderStatus& status) {
  const DrainOrder& order = status.order;
  std::set<base::IpAddress> addresses = {order.address};
  if (!order.node.empty()) addresses = addresses_on(order.node, slices);
  for (const PlannedVirtualServer& server : plan.virtual_servers) {
    for (const ipvs::RealServer& real : server.real_servers) {
      if (real.weight != 0 || !addresses.contains(real.key.address)) continue;
      if (order.port != 0 && order.port != real.key.port) continue;
      if (status.servers.size() == kMostServers) {
        ++status.not_shown;
        continue;
      }
      OrderedServer& found = status.servers.emplace_back();
      found.service = service;
      found.virtual_server = server.server.key;
      found.real_server.server = real;
      found.real_server.planned = true;
      found.alone = !takes_connections(server);
    }
  }
}

base::Status read_connections(const Host& host, std::vector<OrderedServer>& servers) {
  auto before = [](const OrderedServer& a, const OrderedServer& b) {
    return std::tie(a.service, a.virtual_server, a.real_server.server.key) <
           std::tie(b.service, b.virtual_server, b.real_server.server.key);
  };
  std::sort(servers.begin(), servers.end(), before);
  std::vector<ipvs::VirtualServerKey> keys;
  keys.reserve(servers.size());
  for (const OrderedServer& server : servers) keys.push_back(server.virtual_server);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  if (keys.empty()) return {};
  auto states = HostInspection(host).read(keys);
  if (!states.ok()) return states.status();
  for (OrderedServer& server : servers) {
    auto state = std::lower_bound(
        states->begin(), states->end(), server.virtual_server,
        [](const ipvs::VirtualServerState& a, const auto& b) { return a.server.key < b; });
    if (state == states->end() || state->server.key != server.virtual_server) continue;
    for (const ipvs::RealServerState& real : state->real_servers) {
      if (real.server.key != server.real_server.server.key) continue;
      server.real_server.server = real.server;
      server.real_server.in_kernel = true;
      server.real_server.active_connections = real.active_connections;
      server.real_server.inactive_connections = real.inactive_connections;
    }
  }
  return {};
}

}  // namespace

base::Result<std::vector<OrderStatus>> drain_status(const Loop& loop) {
  std::vector<OrderStatus> list;
  for (const DrainOrder& order : loop.drain_orders().all()) {
    OrderStatus& status = list.emplace_back();
    status.order = order;
    for (const auto& [service, plan] : loop.host().desired().plans()) {
      const watchers::SliceList& slices = loop.snapshot().slices(service);
      if (concerns(order, slices)) add_servers(service, slices, plan, status);
    }
    base::Status read = read_connections(loop.host(), status.servers);
    if (!read.ok()) return read;
  }
  return list;
}

}  // namespace agent
