#ifndef IPVS_AGENT_AGENT_PROMETHEUS_REGISTRY_H_
#define IPVS_AGENT_AGENT_PROMETHEUS_REGISTRY_H_

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agent/metrics.h"

namespace agent {

using Counters = prometheus::Family<prometheus::Counter>;
using Gauges = prometheus::Family<prometheus::Gauge>;
using Histograms = prometheus::Family<prometheus::Histogram>;

// 0.001 s to 16.384 s, each twice the one before, as kube-proxy measures its syncs.
prometheus::Histogram::BucketBoundaries sync_buckets();
// 0 s to 300 s, as kube-proxy measures network programming.
prometheus::Histogram::BucketBoundaries programming_buckets();
// 0.25 ms to 32.768 s, each twice the one before: for what shall take milliseconds.
prometheus::Histogram::BucketBoundaries latency_buckets();

// What becomes of it on the page.
std::vector<prometheus::MetricFamily> upkeep_families(const Upkeep& upkeep);

// The metrics by name. A member without labels is one metric; a family has one for each set of
// labels that was used.
class Metrics::Registry {
 public:
  explicit Registry(const base::Clock& clock);

  std::shared_ptr<const std::string> page();

 private:
  prometheus::Registry registry_;

  Counters& counters(const char* name, const char* help);
  Gauges& gauges(const char* name, const char* help);
  Histograms& histograms(const char* name, const char* help);

 public:
  Counters& operations;
  Counters& failures;
  Counters& drift_repaired;
  Counters& drains_ended;
  Counters& objects_rejected;
  Counters& kubernetes_events;
  prometheus::Histogram& event_to_kernel;
  Histograms& rounds;
  prometheus::Gauge& start_duration;
  prometheus::Gauge& services;
  prometheus::Gauge& endpoint_slices;
  prometheus::Gauge& virtual_servers;
  prometheus::Gauge& real_servers;
  prometheus::Gauge& addresses;
  prometheus::Gauge& drains_active;
  prometheus::Gauge& retries_pending;
  prometheus::Gauge& services_waiting;
  prometheus::Gauge& queue_depth;
  prometheus::Gauge& foreign_virtual_servers;
  prometheus::Gauge& health_checks;
  prometheus::Gauge& health_checks_failing;

  Histograms& sync_duration;
  Gauges& sync_last;
  Gauges& sync_last_queued;
  Histograms& network_programming;
  prometheus::Gauge& endpoint_changes_pending;
  prometheus::Counter& endpoint_changes;
  prometheus::Gauge& service_changes_pending;
  prometheus::Counter& service_changes;
  Gauges& no_local_endpoints;
  Counters& restore_failures;
  Counters& healthz;
  Counters& livez;
  Histograms& conntrack_duration;
  Counters& conntrack_deleted;

  // Values that come whole: they become metrics when the page is made.
  std::mutex values_mutex;
  std::vector<SourceStatus> sources;
  std::vector<IpsetFill> ipsets;
  Upkeep upkeep;

  std::vector<std::function<std::string()>> parts;  // set before the first page

 private:
  std::vector<prometheus::MetricFamily> collect_values();

  const base::Clock& clock_;
  std::mutex page_mutex_;  // held while the page is made: others wait for it instead of making it
  base::TimePoint page_time_;
  std::shared_ptr<const std::string> page_;  // null before the first
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_PROMETHEUS_REGISTRY_H_
