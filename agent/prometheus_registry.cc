#include "agent/prometheus_registry.h"

#include <prometheus/text_serializer.h>

#include <iterator>
#include <utility>

#include "agent/drains.h"
#include "agent/event_sender.h"
#include "agent/failure.h"
#include "agent/process_stats.h"
#include "watchers/object_event.h"

namespace agent {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// As long as one page is served before it is made anew.
constexpr base::Duration kPageLife = std::chrono::seconds(1);

prometheus::Histogram::BucketBoundaries doubling(double first, int count) {
  prometheus::Histogram::BucketBoundaries bounds;
  for (int i = 0; i < count; ++i, first *= 2) bounds.push_back(first);
  return bounds;
}

ClientMetric metric(MetricType type, double value, std::vector<ClientMetric::Label> labels = {}) {
  ClientMetric result;
  result.label = std::move(labels);
  if (type == MetricType::Counter) {
    result.counter.value = value;
  } else {
    result.gauge.value = value;
  }
  return result;
}

MetricFamily family(MetricType type, std::string name, std::string help) {
  MetricFamily result;
  result.name = std::move(name);
  result.help = std::move(help);
  result.type = type;
  return result;
}

std::vector<MetricFamily> source_families(const std::vector<SourceStatus>& sources) {
  struct Column {
    MetricType type;
    const char* name;
    const char* help;
    double (*value)(const SourceStatus&);
  };
  const Column columns[] = {
      {MetricType::Gauge, "ipvs_agent_source_connected",
       "1 while a watch of the source is open, otherwise 0.",
       [](const SourceStatus& s) { return s.connected ? 1.0 : 0.0; }},
      {MetricType::Gauge, "ipvs_agent_source_synced",
       "1 once a whole list of the source has been delivered, before that 0.",
       [](const SourceStatus& s) { return s.synced ? 1.0 : 0.0; }},
      {MetricType::Counter, "ipvs_agent_source_events_total",
       "Events taken from the source, list entries included.",
       [](const SourceStatus& s) { return static_cast<double>(s.events); }},
      {MetricType::Counter, "ipvs_agent_source_lists_total",
       "Complete lists taken from the source.",
       [](const SourceStatus& s) { return static_cast<double>(s.lists); }},
      {MetricType::Counter, "ipvs_agent_source_reconnects_total",
       "Watches of the source that were opened again.",
       [](const SourceStatus& s) { return static_cast<double>(s.reconnects); }},
      {MetricType::Counter, "ipvs_agent_source_failures_total",
       "Requests to the source that failed.",
       [](const SourceStatus& s) { return static_cast<double>(s.failures); }},
      {MetricType::Counter, "ipvs_agent_source_rejected_total",
       "Objects of the source that could not be understood.",
       [](const SourceStatus& s) { return static_cast<double>(s.rejected); }},
  };
  std::vector<MetricFamily> families;
  for (const Column& column : columns) {
    MetricFamily& made = families.emplace_back(family(column.type, column.name, column.help));
    for (const SourceStatus& source : sources) {
      made.metric.push_back(metric(column.type, column.value(source), {{"source", source.source}}));
    }
  }
  return families;
}

std::vector<MetricFamily> ipset_families(const std::vector<IpsetFill>& ipsets) {
  MetricFamily entries =
      family(MetricType::Gauge, "ipvs_agent_ipset_entries", "Entries that an ipset holds.");
  MetricFamily capacity = family(MetricType::Gauge, "ipvs_agent_ipset_capacity_entries",
                                 "Entries that an ipset may hold.");
  for (const IpsetFill& fill : ipsets) {
    entries.metric.push_back(
        metric(MetricType::Gauge, static_cast<double>(fill.entries), {{"set", fill.set}}));
    capacity.metric.push_back(
        metric(MetricType::Gauge, static_cast<double>(fill.capacity), {{"set", fill.set}}));
  }
  return {entries, capacity};
}

std::vector<MetricFamily> process_families() {
  base::Result<ProcessStats> stats = read_process_stats();
  if (!stats) return {};
  const std::tuple<MetricType, const char*, const char*, double> rows[] = {
      {MetricType::Counter, "process_cpu_seconds_total",
       "User and system CPU time spent, in seconds.", stats->cpu_seconds},
      {MetricType::Gauge, "process_resident_memory_bytes", "Resident memory, in bytes.",
       stats->resident_bytes},
      {MetricType::Gauge, "process_virtual_memory_bytes", "Virtual memory, in bytes.",
       stats->virtual_bytes},
      {MetricType::Gauge, "process_open_fds", "Open file descriptors.", stats->open_files},
      {MetricType::Gauge, "process_max_fds", "File descriptors allowed at most.", stats->max_files},
      {MetricType::Gauge, "process_threads", "Threads.", stats->threads},
      {MetricType::Gauge, "process_start_time_seconds",
       "When the process was started, in seconds since 1970.", stats->start_time_seconds},
  };
  std::vector<MetricFamily> families;
  for (const auto& [type, name, help, value] : rows) {
    families.push_back(family(type, name, help));
    families.back().metric.push_back(metric(type, value));
  }
  return families;
}

void append(std::vector<MetricFamily>& all, std::vector<MetricFamily> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

prometheus::Histogram::BucketBoundaries sync_buckets() { return doubling(0.001, 15); }

prometheus::Histogram::BucketBoundaries latency_buckets() { return doubling(0.00025, 18); }

prometheus::Histogram::BucketBoundaries programming_buckets() {
  prometheus::Histogram::BucketBoundaries bounds = {0, 0.25, 0.5};
  for (int seconds = 1; seconds < 60; ++seconds) bounds.push_back(seconds);
  for (int seconds = 60; seconds < 120; seconds += 5) bounds.push_back(seconds);
  for (int seconds = 120; seconds <= 300; seconds += 30) bounds.push_back(seconds);
  return bounds;
}

Counters& Metrics::Registry::counters(const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
}

Gauges& Metrics::Registry::gauges(const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry_);
}

Histograms& Metrics::Registry::histograms(const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry_);
}

Metrics::Registry::Registry(const base::Clock& clock)
    : operations(counters("ipvs_agent_operations_total",
                          "Operations sent to a kernel table, by operation and outcome.")),
      failures(counters("ipvs_agent_failures_total",
                        "Failed operations, by what the agent does about them.")),
      drift_repaired(counters("ipvs_agent_drift_repaired_total",
                              "Things in the kernel that others had changed and the agent put "
                              "right, by kind.")),
      drains_ended(counters("ipvs_agent_drains_ended_total",
                            "Removed real servers that stopped draining, by reason.")),
      objects_rejected(counters("ipvs_agent_objects_rejected_total",
                                "Objects of the API that could not be understood, by resource.")),
      kubernetes_events(counters("ipvs_agent_kubernetes_events_total",
                                 "Kubernetes Events that the agent had to tell, by outcome.")),
      event_to_kernel(histograms("ipvs_agent_event_to_kernel_seconds",
                                 "Seconds from the arrival of an event to the end of the round "
                                 "that applied it.")
                          .Add({}, latency_buckets())),
      rounds(histograms("ipvs_agent_round_duration_seconds",
                        "Seconds that one round of the loop took, by what caused it.")),
      start_duration(gauges("ipvs_agent_start_duration_seconds",
                            "Seconds from the start of the program until everything known was in "
                            "the kernel; 0 before that.")
                         .Add({})),
      services(gauges("ipvs_agent_services", "Services known from the API.").Add({})),
      endpoint_slices(
          gauges("ipvs_agent_endpoint_slices", "EndpointSlices known from the API.").Add({})),
      virtual_servers(
          gauges("ipvs_agent_virtual_servers", "Virtual servers of ours in the kernel.").Add({})),
      real_servers(gauges("ipvs_agent_real_servers",
                          "Real servers of ours in the kernel, draining ones included.")
                       .Add({})),
      addresses(gauges("ipvs_agent_addresses", "Addresses held on the service device.").Add({})),
      drains_active(gauges("ipvs_agent_drains_active",
                           "Removed real servers whose connections have not ended yet.")
                        .Add({})),
      retries_pending(
          gauges("ipvs_agent_retries_pending", "Things that failed and wait to be tried again.")
              .Add({})),
      services_waiting(gauges("ipvs_agent_services_waiting",
                              "Services with a change that is not in the kernel yet.")
                           .Add({})),
      queue_depth(gauges("ipvs_agent_event_queue_depth",
                         "Events that wait between the watches and the loop.")
                      .Add({})),
      foreign_virtual_servers(gauges("ipvs_agent_foreign_virtual_servers",
                                     "Virtual servers in the kernel that are not ours and are left "
                                     "alone.")
                                  .Add({})),
      health_checks(
          gauges("ipvs_agent_health_checks", "Services with a healthCheckNodePort.").Add({})),
      health_checks_failing(gauges("ipvs_agent_health_checks_failing",
                                   "Services whose healthCheckNodePort cannot be served, because "
                                   "another program or Service has the port.")
                                .Add({})),
      sync_duration(histograms("kubeproxy_sync_proxy_rules_duration_seconds",
                               "Seconds that one round of changes took.")),
      sync_last(gauges("kubeproxy_sync_proxy_rules_last_timestamp_seconds",
                       "When the last successful round ended, in seconds since 1970.")),
      sync_last_queued(gauges("kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds",
                              "When the last change arrived, in seconds since 1970.")),
      network_programming(histograms("kubeproxy_network_programming_duration_seconds",
                                     "Seconds from the change of an endpoint, as its controller "
                                     "noted it, until it was in the kernel.")),
      endpoint_changes_pending(gauges("kubeproxy_sync_proxy_rules_endpoint_changes_pending",
                                      "Changes of endpoints that are not in the kernel yet.")
                                   .Add({})),
      endpoint_changes(
          counters("kubeproxy_sync_proxy_rules_endpoint_changes_total", "Changes of endpoints.")
              .Add({})),
      service_changes_pending(gauges("kubeproxy_sync_proxy_rules_service_changes_pending",
                                     "Changes of Services that are not in the kernel yet.")
                                  .Add({})),
      service_changes(
          counters("kubeproxy_sync_proxy_rules_service_changes_total", "Changes of Services.")
              .Add({})),
      no_local_endpoints(gauges("kubeproxy_sync_proxy_rules_no_local_endpoints_total",
                                "Services with a Local traffic policy whose endpoints are all on "
                                "other nodes.")),
      restore_failures(counters("kubeproxy_sync_proxy_rules_iptables_restore_failures_total",
                                "Times that iptables rules could not be restored.")),
      healthz(counters("kubeproxy_proxy_healthz_total", "Answers of /healthz, by status code.")),
      livez(counters("kubeproxy_proxy_livez_total", "Answers of /livez, by status code.")),
      conntrack_duration(histograms("kubeproxy_conntrack_reconciler_sync_duration_seconds",
                                    "Seconds that one cleaning of UDP conntrack entries took.")),
      conntrack_deleted(counters("kubeproxy_conntrack_reconciler_deleted_entries_total",
                                 "UDP conntrack entries that were deleted.")),
      clock_(clock) {
  gauges("ipvs_agent_build_info", "1, with the version of the agent.")
      .Add({{"version", IPVS_AGENT_VERSION}})
      .Set(1);
  // What is counted begins at 0, so that the first one shows as an increase.
  for (FailureClass each :
       {FailureClass::kDrift, FailureClass::kInterrupted, FailureClass::kTransient,
        FailureClass::kRejected, FailureClass::kFatal}) {
    failures.Add({{"class", std::string(to_string(each))}});
  }
  for (const char* kind : {"virtual_server", "address", "ipset", "iptables"}) {
    drift_repaired.Add({{"kind", kind}});
  }
  for (DrainEnd end :
       {DrainEnd::kIdle, DrainEnd::kDeadline, DrainEnd::kReturned, DrainEnd::kRemoved}) {
    drains_ended.Add({{"reason", std::string(to_string(end))}});
  }
  for (EventOutcome outcome : {EventOutcome::kSent, EventOutcome::kKnown, EventOutcome::kRepeated,
                               EventOutcome::kDropped, EventOutcome::kFailed}) {
    kubernetes_events.Add({{"outcome", std::string(to_string(outcome))}});
  }
  for (watchers::Kind kind :
       {watchers::Kind::kService, watchers::Kind::kEndpointSlice, watchers::Kind::kNode}) {
    objects_rejected.Add({{"resource", std::string(watchers::to_string(kind))}});
  }
}

std::vector<MetricFamily> Metrics::Registry::collect_values() {
  std::vector<MetricFamily> families = process_families();
  std::lock_guard lock(values_mutex);
  append(families, source_families(sources));
  append(families, ipset_families(ipsets));
  append(families, upkeep_families(upkeep));
  return families;
}

std::shared_ptr<const std::string> Metrics::Registry::page() {
  std::lock_guard lock(page_mutex_);
  base::TimePoint now = clock_.now();
  if (page_ == nullptr || now - page_time_ >= kPageLife) {
    std::vector<MetricFamily> families = registry_.Collect();
    append(families, collect_values());
    // A family that has no metrics yet would be a name without values.
    std::erase_if(families, [](const MetricFamily& made) { return made.metric.empty(); });
    std::string text = prometheus::TextSerializer().Serialize(families);
    for (const auto& part : parts) text += part();
    page_ = std::make_shared<const std::string>(std::move(text));
    page_time_ = now;
  }
  return page_;
}

}  // namespace agent
