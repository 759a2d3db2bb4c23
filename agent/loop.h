#ifndef IPVS_AGENT_AGENT_LOOP_H_
#define IPVS_AGENT_AGENT_LOOP_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/drain_orders.h"
#include "agent/host.h"
#include "agent/loop_listener.h"
#include "agent/node_facts.h"
#include "agent/pending_changes.h"
#include "agent/policy.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "watchers/cluster_snapshot.h"
#include "watchers/object_event.h"

namespace agent {

struct LoopOptions {
  std::string node_name;
  Policy policy;
  NodePortAddresses node_ports;
  // The prefixes of local pods are spec.podCIDRs of the Node (detectLocalMode NodeCIDR).
  bool follow_pod_cidrs = false;
  // At least this long from the end of a round that changed something to the next one that follows
  // the API; 0: changes are applied as they come.
  base::Duration min_sync_period{};
  // How long the first round waits for the own Node once Services and endpoints are there: without
  // it, plans lack the zone and the node's addresses, and a restart would take away what the next
  // round puts back.
  base::Duration node_wait{};
  std::uint64_t seed = 1;  // of the backoff's jitter
};

// The agent's loop: takes what the watchers deliver, plans the Services that it concerns, and lets
// the Host bring the kernel to the plans. The first change after quiet is applied at once; what
// arrives while a round runs is folded into the next one.
//
// Until Services and EndpointSlices have both been delivered completely once, nothing is written
// and nothing is removed: what the kernel holds goes on working. The own Node is waited for as
// well, but not for ever: an API that does not show it must not stop the Services.
// Threading: one thread owns the loop and everything it holds.
class Loop {
 public:
  Loop(Host& host, watchers::EventMailbox& mailbox, const base::Clock& clock,
       LoopListener& listener, LoopOptions options);

  // One round, with what there is to do at `now`. Returns when it wants to be called again at the
  // latest; TimePoint::max(): only when the mailbox says so.
  base::TimePoint step(base::TimePoint now);

  // Other options, from the next step on: every Service is planned anew if its plan can depend on
  // what changed, and only what differs is written. The node's name and the seed stay.
  void reconfigure(LoopOptions options, base::TimePoint now);

  // Takes an order up, or with `undo` back: the next round gives the real servers that it names
  // weight 0, or their own. Returns whether that changes something.
  bool order_drain(const DrainOrder& order, bool undo, base::TimePoint now);
  const DrainOrders& drain_orders() const { return drain_orders_; }

  // The kernel said that the host's addresses changed: the next round looks at them.
  void addresses_changed() { addresses_changed_ = true; }

  bool started() const { return started_; }
  // Events that the watchers left and no step has taken.
  std::size_t queue_depth() const { return mailbox_.size(); }
  // How many Services wait for their round.
  std::size_t pending_count() const { return pending_.size(); }
  // Of those that wait, how many because they changed themselves, and how many because a slice did.
  std::size_t pending_service_changes() const { return pending_.service_changes(); }
  std::size_t pending_endpoint_changes() const { return pending_.endpoint_changes(); }
  // Since when the oldest change of a family waits that is not in the kernel, or a part of its data
  // path does not work for anybody. One thing that fails alone, for its Service, does not count:
  // the others are served.
  std::optional<base::TimePoint> oldest_pending(base::Family family) const;
  // When the newest change of a Service had been applied; no value before the first round. What of
  // it failed is among the host's retries.
  std::optional<base::TimePoint> applied_at(const watchers::ObjectKey& service) const;
  // Since when a change of a Service waits for its round; no value where none does.
  std::optional<base::TimePoint> waiting_since(const watchers::ObjectKey& service) const {
    return pending_.since(service);
  }
  const watchers::ClusterSnapshot& snapshot() const { return snapshot_; }
  const NodeFacts& node() const { return node_; }
  const Host& host() const { return host_; }

 private:
  void take_events();
  void refresh_node(base::TimePoint now);
  Touched plan_pending();
  Touched replan(const watchers::ObjectKey& service);
  std::optional<base::TimePoint> start_due(base::TimePoint now);
  bool start(base::TimePoint now);
  void apply_everything(Touched everything, base::TimePoint now);
  void apply(Touched touched, std::string_view cause, base::TimePoint now);
  void tell_health_changes();

  Host& host_;
  watchers::EventMailbox& mailbox_;
  const base::Clock& clock_;
  LoopListener& listener_;
  LoopOptions options_;
  DrainOrders drain_orders_;
  watchers::ClusterSnapshot snapshot_;
  NodeFacts node_;
  PendingChanges pending_;
  PendingChanges::ByService in_round_;
  // Planned, not yet told: told once their round has brought them to the kernel.
  std::vector<std::pair<watchers::ObjectKey, ServiceHealth>> health_changes_;
  std::uint32_t mark_changes_ = 0;  // of the Host, when all Services were last marked
  bool addresses_changed_ = false;
  bool reconfigured_ = false;  // since the last round
  bool started_ = false;
  base::TimePoint started_at_{};
  // Of the Services that changed since the start.
  std::unordered_map<watchers::ObjectKey, base::TimePoint> applied_;
  base::Backoff start_backoff_;
  base::TimePoint next_start_{};
  std::optional<base::TimePoint> node_due_;  // the first round waits for the Node until then
  base::TimePoint next_sync_{};
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_LOOP_H_
