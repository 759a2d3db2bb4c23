#include <utility>

#include "agent/metrics.h"
#include "agent/prometheus_registry.h"

namespace agent {
namespace {

double seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

double seconds(base::WallTime time) { return seconds(time.time_since_epoch()); }

prometheus::Labels of(base::Family family) {
  return {{"ip_family", std::string(base::to_string(family))}};
}

void count_status(Counters& family, int status) {
  family.Add({{"code", std::to_string(status)}}).Increment();
}

}  // namespace

Metrics::Metrics(const base::Clock& clock) : registry_(std::make_unique<Registry>(clock)) {}

Metrics::~Metrics() = default;

void Metrics::count_operations(std::string_view table, std::string_view operation,
                               std::string_view outcome, std::size_t count) {
  registry_->operations
      .Add({{"table", std::string(table)},
            {"operation", std::string(operation)},
            {"outcome", std::string(outcome)}})
      .Increment(static_cast<double>(count));
}

void Metrics::count_failure(std::string_view failure_class) {
  registry_->failures.Add({{"class", std::string(failure_class)}}).Increment();
}

void Metrics::count_drift_repaired(std::string_view kind) {
  registry_->drift_repaired.Add({{"kind", std::string(kind)}}).Increment();
}

void Metrics::count_drain_ended(std::string_view reason) {
  registry_->drains_ended.Add({{"reason", std::string(reason)}}).Increment();
}

void Metrics::count_object_rejected(std::string_view resource) {
  registry_->objects_rejected.Add({{"resource", std::string(resource)}}).Increment();
}

void Metrics::observe_event_to_kernel(base::Duration latency) {
  registry_->event_to_kernel.Observe(seconds(latency));
}

void Metrics::observe_round(std::string_view cause, base::Duration took) {
  registry_->rounds.Add({{"cause", std::string(cause)}}, latency_buckets()).Observe(seconds(took));
}

void Metrics::set_start_duration(base::Duration took) {
  registry_->start_duration.Set(seconds(took));
}

void Metrics::set_sizes(const HostSizes& sizes) {
  auto set = [](prometheus::Gauge& gauge, std::size_t value) {
    gauge.Set(static_cast<double>(value));
  };
  set(registry_->services, sizes.services);
  set(registry_->endpoint_slices, sizes.endpoint_slices);
  set(registry_->virtual_servers, sizes.virtual_servers);
  set(registry_->real_servers, sizes.real_servers);
  set(registry_->addresses, sizes.addresses);
  set(registry_->drains_active, sizes.drains_active);
  set(registry_->retries_pending, sizes.retries_pending);
  set(registry_->services_waiting, sizes.services_waiting);
  set(registry_->queue_depth, sizes.queue_depth);
  set(registry_->foreign_virtual_servers, sizes.foreign_virtual_servers);
  set(registry_->health_checks, sizes.health_checks);
  set(registry_->health_checks_failing, sizes.health_checks_failing);
}

void Metrics::set_ipset_fill(std::vector<IpsetFill> sets) {
  std::lock_guard lock(registry_->values_mutex);
  registry_->ipsets = std::move(sets);
}

void Metrics::set_sources(std::vector<SourceStatus> sources) {
  std::lock_guard lock(registry_->values_mutex);
  registry_->sources = std::move(sources);
}

void Metrics::set_upkeep(const Upkeep& upkeep) {
  std::lock_guard lock(registry_->values_mutex);
  registry_->upkeep = upkeep;
}

void Metrics::observe_sync(base::Family family, base::Duration took, const base::WallTime* done) {
  registry_->sync_duration.Add(of(family), sync_buckets()).Observe(seconds(took));
  if (done != nullptr) registry_->sync_last.Add(of(family)).Set(seconds(*done));
}

void Metrics::set_last_queued(base::Family family, base::WallTime when) {
  registry_->sync_last_queued.Add(of(family)).Set(seconds(when));
}

void Metrics::observe_network_programming(base::Family family, base::Duration latency) {
  registry_->network_programming.Add(of(family), programming_buckets()).Observe(seconds(latency));
}

void Metrics::count_service_changes(std::size_t count) {
  registry_->service_changes.Increment(static_cast<double>(count));
}

void Metrics::count_endpoint_changes(std::size_t count) {
  registry_->endpoint_changes.Increment(static_cast<double>(count));
}

void Metrics::set_changes_pending(std::size_t services, std::size_t endpoints) {
  registry_->service_changes_pending.Set(static_cast<double>(services));
  registry_->endpoint_changes_pending.Set(static_cast<double>(endpoints));
}

void Metrics::set_no_local_endpoints(std::string_view traffic_policy, base::Family family,
                                     std::size_t services) {
  prometheus::Labels labels = of(family);
  labels.emplace("traffic_policy", std::string(traffic_policy));
  registry_->no_local_endpoints.Add(labels).Set(static_cast<double>(services));
}

void Metrics::count_iptables_restore_failure(base::Family family) {
  registry_->restore_failures.Add(of(family)).Increment();
}

void Metrics::observe_conntrack_cleaning(base::Family family, base::Duration took,
                                         std::size_t deleted) {
  registry_->conntrack_duration.Add(of(family), sync_buckets()).Observe(seconds(took));
  registry_->conntrack_deleted.Add(of(family)).Increment(static_cast<double>(deleted));
}

void Metrics::count_healthz(int status) { count_status(registry_->healthz, status); }

void Metrics::count_livez(int status) { count_status(registry_->livez, status); }

void Metrics::count_kubernetes_event(std::string_view outcome) {
  registry_->kubernetes_events.Add({{"outcome", std::string(outcome)}}).Increment();
}

void Metrics::add_part(std::function<std::string()> part) {
  registry_->parts.push_back(std::move(part));
}

std::shared_ptr<const std::string> Metrics::page() { return registry_->page(); }

}  // namespace agent
