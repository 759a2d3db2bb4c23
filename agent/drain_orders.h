#ifndef IPVS_AGENT_AGENT_DRAIN_ORDERS_H_
#define IPVS_AGENT_AGENT_DRAIN_ORDERS_H_

#include <compare>
#include <set>
#include <string>
#include <string_view>

#include "agent/service_plan.h"
#include "base/ip_address.h"
#include "base/protocol.h"
#include "base/result.h"
#include "watchers/cluster_snapshot.h"

namespace agent {

// Which endpoints somebody wants to get no new connections: those of an address, or of a node.
struct DrainOrder {
  std::string node = {};         // its name; "" for an order about an address
  base::IpAddress address = {};  // with `node`: ignored
  base::Port port = 0;           // 0: all ports of the address

  friend auto operator<=>(const DrainOrder&, const DrainOrder&) = default;
};

// "10.244.1.5", "10.244.1.5:8080", "[fd00::5]:8080", "node/worker-1".
std::string to_string(const DrainOrder& order);
// From that text; "fd00::5" is an address without a port. Errors: kInvalidArgument.
base::Result<DrainOrder> parse_drain_order(std::string_view text);

// All orders that are in force. An endpoint that one of them names stays a real server, at weight
// 0.
//
// Threading: one owner.
class DrainOrders {
 public:
  // Return whether that changed something.
  bool add(const DrainOrder& order) { return orders_.insert(order).second; }
  bool remove(const DrainOrder& order) { return orders_.erase(order) > 0; }

  const std::set<DrainOrder>& all() const { return orders_; }
  // Gives the real servers that some order names weight 0. `slices` are those of the plan's
  // Service.
  void apply(const watchers::SliceList& slices, ServicePlan& plan) const;

 private:
  std::set<DrainOrder> orders_;
};

// Whether the order names one of the endpoints.
bool concerns(const DrainOrder& order, const watchers::SliceList& slices);
// The addresses of the slices' endpoints on the node.
std::set<base::IpAddress> addresses_on(std::string_view node, const watchers::SliceList& slices);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_DRAIN_ORDERS_H_
