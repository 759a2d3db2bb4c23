#ifndef IPVS_AGENT_AGENT_METRICS_H_
#define IPVS_AGENT_AGENT_METRICS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/upkeep.h"
#include "base/clock.h"
#include "base/ip_address.h"

namespace agent {

// How much there is of everything, as the loop sees it after a round.
struct HostSizes {
  std::size_t services = 0;         // known to the API's snapshot
  std::size_t endpoint_slices = 0;  // known to the API's snapshot
  std::size_t virtual_servers = 0;  // ours, in the kernel
  std::size_t real_servers = 0;     // of those, draining ones included
  std::size_t addresses = 0;        // held on the service device
  std::size_t drains_active = 0;
  std::size_t retries_pending = 0;          // things that failed and wait for another try
  std::size_t services_waiting = 0;         // changed, not yet in the kernel
  std::size_t queue_depth = 0;              // events the watchers left and the loop has not taken
  std::size_t foreign_virtual_servers = 0;  // in the kernel, not ours, left alone
  std::size_t health_checks = 0;            // Services with a healthCheckNodePort
  std::size_t health_checks_failing = 0;    // of those, that cannot be served there
};

// How one source of objects does. The counts only grow.
struct SourceStatus {
  std::string source;      // "services", "endpointslices", "node"
  bool connected = false;  // a watch is open
  bool synced = false;     // a whole list has been delivered
  std::uint64_t events = 0;
  std::uint64_t lists = 0;       // complete lists taken
  std::uint64_t reconnects = 0;  // watches opened again
  std::uint64_t failures = 0;    // requests that failed
  std::uint64_t rejected = 0;    // objects that could not be understood
};

struct IpsetFill {
  std::string set;
  std::size_t entries = 0;
  std::size_t capacity = 0;
};

// Everything the agent counts and measures, and the page that shows it to Prometheus: the names of
// kube-proxy (kubeproxy_*) where they mean something in IPVS mode, our own (ipvs_agent_*), and the
// usual ones of a process (process_*).
//
// Threading: every method from any thread; a call costs well below a microsecond, page() apart.
class Metrics {
 public:
  // `clock` must live longer than this.
  explicit Metrics(const base::Clock& clock);
  ~Metrics();

  // Our own. Words in labels: `table` "ipvs", `operation` "add_real_server", `outcome` "ok" or what
  // failed ("not found"), as the tables and Codes are spelt.
  void count_operations(std::string_view table, std::string_view operation,
                        std::string_view outcome, std::size_t count = 1);
  void count_failure(std::string_view failure_class);     // "drift", "transient", ...
  void count_drift_repaired(std::string_view kind);       // what had been changed by others
  void count_drain_ended(std::string_view reason);        // a DrainEnd
  void count_object_rejected(std::string_view resource);  // "services"
  // From the arrival of an event to the end of the round that applied it.
  void observe_event_to_kernel(base::Duration latency);
  // One round; `cause` is "start", "change", "retry", "drain" or "audit".
  void observe_round(std::string_view cause, base::Duration took);
  // From the start of the program until everything known was in the kernel.
  void set_start_duration(base::Duration took);
  void set_sizes(const HostSizes& sizes);
  void set_ipset_fill(std::vector<IpsetFill> sets);
  void set_sources(std::vector<SourceStatus> sources);
  void set_upkeep(const Upkeep& upkeep);

  // kube-proxy's. `done` is when the round ended, if all of it succeeded.
  void observe_sync(base::Family family, base::Duration took, const base::WallTime* done);
  void set_last_queued(base::Family family, base::WallTime when);
  // From the trigger time that the endpoint controller noted to the kernel.
  void observe_network_programming(base::Family family, base::Duration latency);
  void count_service_changes(std::size_t count);
  void count_endpoint_changes(std::size_t count);
  void set_changes_pending(std::size_t services, std::size_t endpoints);
  // Services whose `traffic_policy` ("internal", "external") is Local and that have endpoints, but
  // none here.
  void set_no_local_endpoints(std::string_view traffic_policy, base::Family family,
                              std::size_t services);
  void count_iptables_restore_failure(base::Family family);
  void observe_conntrack_cleaning(base::Family family, base::Duration took, std::size_t deleted);
  void count_healthz(int status);
  void count_livez(int status);

  void count_kubernetes_event(std::string_view outcome);  // an EventOutcome

  // More text for the page, of whole metrics with names of their own, made with each new page. To
  // be called before the first page().
  void add_part(std::function<std::string()> part);

  // The page in Prometheus' text format, at most one second old, made once however many ask.
  std::shared_ptr<const std::string> page();

 private:
  class Registry;
  std::unique_ptr<Registry> registry_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_METRICS_H_
