#include "agent/drain_orders.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace agent {
namespace {

constexpr std::string_view kNode = "node/";

bool names(const DrainOrder& order, const watchers::Endpoint& endpoint) {
  if (!order.node.empty()) return endpoint.node() == order.node;
  return endpoint.address == order.address;
}

base::Status wrong(std::string_view text) {
  return {base::Code::kInvalidArgument,
          "target: found \"" + std::string(text) +
              "\", allowed: IP, IP:PORT, [IPv6]:PORT, or node/NAME for all endpoints of a node"};
}

}  // namespace

std::string to_string(const DrainOrder& order) {
  if (!order.node.empty()) return std::string(kNode) + order.node;
  if (order.port == 0) return order.address.to_string();
  return ipvs::to_string(ipvs::RealServerKey{.address = order.address, .port = order.port});
}

base::Result<DrainOrder> parse_drain_order(std::string_view text) {
  DrainOrder order;
  if (text.starts_with(kNode)) {
    order.node = text.substr(kNode.size());
    if (order.node.empty() || order.node.find_first_of(" \n/") != order.node.npos) {
      return wrong(text);
    }
    return order;
  }
  if (auto address = base::IpAddress::parse(text); address.ok()) {
    order.address = *address;
    return order;
  }
  std::size_t colon = text.rfind(':');
  if (colon == text.npos) return wrong(text);
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  auto address = base::IpAddress::parse(host);
  const char* end = text.data() + text.size();
  auto [stopped, error] = std::from_chars(text.data() + colon + 1, end, order.port);
  if (!address.ok() || error != std::errc() || stopped != end || order.port == 0) {
    return wrong(text);
  }
  order.address = *address;
  return order;
}

bool concerns(const DrainOrder& order, const watchers::SliceList& slices) {
  for (const auto& slice : slices) {
    for (const watchers::EndpointGroup& group : slice->groups) {
      for (const watchers::Endpoint& endpoint : group.endpoints) {
        if (names(order, endpoint)) return true;
      }
    }
  }
  return false;
}

std::set<base::IpAddress> addresses_on(std::string_view node, const watchers::SliceList& slices) {
  std::set<base::IpAddress> addresses;
  for (const auto& slice : slices) {
    for (const watchers::EndpointGroup& group : slice->groups) {
      for (const watchers::Endpoint& endpoint : group.endpoints) {
        if (endpoint.node() == node) addresses.insert(endpoint.address);
      }
    }
  }
  return addresses;
}

void DrainOrders::apply(const watchers::SliceList& slices, ServicePlan& plan) const {
  for (const DrainOrder& order : orders_) {
    if (!concerns(order, slices)) continue;
    std::set<base::IpAddress> addresses = {order.address};
    if (!order.node.empty()) addresses = addresses_on(order.node, slices);
    for (std::vector<PlannedVirtualServer>* servers : {&plan.virtual_servers, &plan.inside}) {
      for (PlannedVirtualServer& server : *servers) {
        server.real_servers.set_weight(0, [&](const ipvs::RealServerKey& real) {
          bool port = order.port == 0 || real.port == order.port;
          return port && addresses.contains(real.address);
        });
      }
    }
  }
}

}  // namespace agent
