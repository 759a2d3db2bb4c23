#include "agent/reporter.h"

#include <chrono>
#include <utility>

#include "agent/log_lists.h"

namespace agent {
namespace {

using base::TimePoint;

// More commands than these are counted, not shown.
constexpr std::size_t kMostCommands = 20;

}  // namespace

Reporter::Reporter(Log& log, Metrics& metrics, Published<HealthState>& health,
                   const base::Clock& clock, Options options)
    : log_(log),
      metrics_(metrics),
      health_(health),
      clock_(clock),
      options_(std::move(options)),
      began_(clock.wall_now()) {}

void Reporter::changes_taken(std::size_t services, std::size_t slices) {
  metrics_.count_service_changes(services);
  metrics_.count_endpoint_changes(slices);
  for (base::Family family : options_.families) {
    metrics_.set_last_queued(family, clock_.wall_now());
  }
}

void Reporter::object_rejected(const watchers::EventKey& object, const std::string& reason) {
  metrics_.count_object_rejected(watchers::to_string(object.kind));
  if (options_.events != nullptr) options_.events->object_rejected(object, reason);
  log_.warning("object rejected; the last good one stays in use",
               {{"kind", watchers::to_string(object.kind)},
                {"object", object.object.name.empty() ? "(name unreadable)"
                                                      : watchers::to_string(object.object)},
                {"reason", reason}});
}

void Reporter::service_problems(const watchers::ObjectKey& service,
                                const std::vector<std::string>& problems) {
  if (options_.events != nullptr) options_.events->service_problems(service, problems);
  if (problems.empty()) {
    log_.info("service has no problems any more", {{"service", watchers::to_string(service)}});
    return;
  }
  log_.warning("service has problems",
               {{"service", watchers::to_string(service)},
                {"problems", joined(problems, "; ", kMostServices, problems.size())}});
}

void Reporter::planned(const DesiredHost& desired, const Touched& touched) {
  if (options_.traffic != nullptr) options_.traffic->planned(desired, touched);
  if (options_.events != nullptr) options_.events->planned(desired, touched);
}

void Reporter::start_failed(const base::Status& failure, base::Duration retry_in) {
  start_failure_ = failure.message();
  log_.error(
      "the host cannot be read; trying again",
      {{"error", failure.message()}, {"retry_ms", count_of<std::chrono::milliseconds>(retry_in)}});
}

void Reporter::node_not_seen(base::Duration waited) {
  log_.warning(
      "started without the Node: zone hints, nodePortAddresses primary and podCIDRs wait "
      "for it; is the agent allowed to list nodes?",
      {{"waited_ms", count_of<std::chrono::milliseconds>(waited)}});
}

void Reporter::started(const Host& host, base::Duration took) {
  start_failure_.clear();
  metrics_.set_start_duration(clock_.wall_now() - began_);
  if (host.options().shadow) return;  // the comparison is told
  if (const std::optional<Adoption>& adopted = host.adopted()) {
    log_.info("virtual servers that others had left were adopted",
              {{"found", adopted->found},
               {"virtual_servers_unchanged", adopted->virtual_servers},
               {"real_servers_unchanged", adopted->real_servers}});
  }
  if (options_.events != nullptr) options_.events->started(host);
  log_.info("in step with the API", {{"virtual_servers", host.believed().virtual_servers().size()},
                                     {"real_servers", host.believed().real_server_count()},
                                     {"addresses", host.believed().addresses().size()},
                                     {"foreign_virtual_servers", host.foreign_virtual_servers()},
                                     {"took_ms", count_of<std::chrono::milliseconds>(took)}});
}

void Reporter::round_ended(const Round& round) {
  if (round.report.shadow) return tell_shadow(round);
  if (options_.events != nullptr) options_.events->round_ended(round);
  measure_round(round);
  log_round(round);
  log_drains(round.report.started_drains);
  if (!round.report.ended_drains.empty()) drains_ended(round.report.ended_drains);
}

void Reporter::measure_round(const Round& round) {
  for (const auto& [kind, count] : round.report.operations) {
    const auto& [table, verb, code] = kind;
    metrics_.count_operations(to_string(table), verb, base::to_string(code), count);
  }
  for (const HostFailure& failure : round.report.failures) {
    metrics_.count_failure(to_string(failure.failure_class));
    if (const auto* rules = std::get_if<RulesOf>(&failure.thing)) {
      metrics_.count_iptables_restore_failure(rules->family);
    }
  }
  base::Duration took = round.ended - round.began;
  metrics_.observe_round(round.cause, took);
  base::WallTime wall = clock_.wall_now();
  bool all_well = round.report.failures.empty();
  if (all_well) last_updated_ = wall;
  for (base::Family family : options_.families) {
    metrics_.observe_sync(family, took, all_well ? &wall : nullptr);
  }
  for (const AppliedService& service : round.services) {
    metrics_.observe_event_to_kernel(round.ended - service.since);
    for (base::Family family : options_.families) {
      const auto& trigger = service.trigger_times[family == base::Family::kIpv4 ? 0 : 1];
      if (!trigger || *trigger < began_) continue;
      metrics_.observe_network_programming(family, wall - *trigger);
    }
  }
}

void Reporter::log_round(const Round& round) {
  for (const HostFailure& failure : round.report.failures) {
    log_.warning("operation failed", {{"what", to_string(failure.thing)},
                                      {"class", to_string(failure.failure_class)},
                                      {"error", failure.status.message()}});
  }
  std::size_t operations = round.report.operation_count();
  if (operations == 0) return;
  LogLevel level =
      round.services.empty() && round.cause != "start" ? LogLevel::kDebug : LogLevel::kInfo;
  if (!log_.writes(level)) return;
  std::vector<std::string> names;
  for (const AppliedService& service : round.services) {
    if (names.size() == kMostServices) break;
    names.push_back(watchers::to_string(service.key));
  }
  log_.write(level, "applied",
             {{"cause", round.cause},
              {"services", joined(names, ",", kMostServices, round.services.size())},
              {"operations", operations},
              {"took_us", count_of<std::chrono::microseconds>(round.ended - round.began)},
              {"commands", joined(round.report.lines, " ; ", kMostCommands, operations)}});
}

void Reporter::service_health_changed(const watchers::ObjectKey& service,
                                      const ServiceHealth& health) {
  if (options_.health_checks != nullptr) options_.health_checks->set(service, health);
}

void Reporter::node_changed(const NodeFacts& node) {
  if (options_.health_checks == nullptr) return;
  options_.health_checks->listen_at(health_check_addresses(node, options_.node_ports));
}

void Reporter::stepped(const Loop& loop, TimePoint now) {
  const Host& host = loop.host();
  log_problems(host);
  if (options_.events != nullptr) options_.events->stepped(loop.snapshot(), host.desired());
  HostSizes sizes;
  sizes.services = loop.snapshot().service_count();
  sizes.endpoint_slices = loop.snapshot().slice_count();
  sizes.virtual_servers = host.believed().virtual_servers().size();
  sizes.real_servers = host.believed().real_server_count();
  sizes.addresses = host.believed().addresses().size();
  sizes.drains_active = host.drains().size();
  sizes.retries_pending = host.retries().size();
  sizes.services_waiting = loop.pending_count();
  sizes.queue_depth = loop.queue_depth();
  sizes.foreign_virtual_servers = host.foreign_virtual_servers();
  if (options_.health_checks != nullptr) {
    auto [services, failing] = options_.health_checks->counts();
    sizes.health_checks = services;
    sizes.health_checks_failing = failing;
  }
  metrics_.set_sizes(sizes);
  const NoLocalCounts& no_local = host.desired().no_local_endpoints();
  for (base::Family family : options_.families) {
    std::size_t index = family == base::Family::kIpv4 ? 0 : 1;
    metrics_.set_no_local_endpoints("internal", family, no_local.internal[index]);
    metrics_.set_no_local_endpoints("external", family, no_local.external[index]);
  }
  metrics_.set_changes_pending(loop.pending_service_changes(), loop.pending_endpoint_changes());
  metrics_.set_sources(options_.sources());
  metrics_.set_ipset_fill(host.set_fill());
  note_upkeep(host, now);

  HealthState state;
  state.published = now;
  state.timeout = options_.health_timeout;
  for (base::Family family : options_.families) {
    state.families.push_back({family, last_updated_, loop.oldest_pending(family)});
  }
  const watchers::Node* node = loop.snapshot().node().get();
  state.node_eligible = node != nullptr ? !node->being_deleted && !node->autoscaler_deletes
                                        : !loop.snapshot().synced(watchers::Kind::kNode);
  for (const auto& [part, broken] : host.table_health().broken()) {
    if (now - broken.since < state.timeout) continue;
    state.faults.push_back(part + ": " + broken.message);
  }
  for (base::Family family : options_.families) {
    auto rules = host.retries().all().find(RulesOf{family});
    if (rules == host.retries().all().end() || now - rules->second.since < state.timeout) continue;
    state.faults.push_back(to_string(rules->first) + ": " + rules->second.message);
  }
  if (upkeep_.shadow) state.warnings.emplace_back("shadow mode: this agent programs nothing");
  for (const auto& [name, problem] : told_problems_) {
    state.warnings.push_back(name + ": " + problem);
  }
  if (!start_failure_.empty()) state.faults.push_back(start_failure_);
  health_.publish(std::move(state));
}

}  // namespace agent
