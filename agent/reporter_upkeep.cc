#include <chrono>
#include <utility>

#include "agent/log_lists.h"
#include "agent/reporter.h"

// What a Reporter tells of upkeep: drift, drains, problems.
namespace agent {
namespace {

using base::TimePoint;

// More lines than these at a time help nobody.
constexpr std::size_t kMostDrifts = 20;

std::string_view kind_of(const HostThing& thing) {
  struct Visitor {
    std::string_view operator()(const ipvs::VirtualServerKey&) { return "virtual_server"; }
    std::string_view operator()(const base::IpAddress&) { return "address"; }
    std::string_view operator()(const SetEntry&) { return "ipset"; }
    std::string_view operator()(const RulesOf&) { return "iptables"; }
  };
  return std::visit(Visitor(), thing);
}

}  // namespace

void Reporter::drifted(const std::vector<Drift>& drift) {
  std::size_t repaired = 0;
  for (const Drift& found : drift) {
    if (found.held) continue;  // told once, as a problem
    metrics_.count_drift_repaired(kind_of(found.thing));
    if (++repaired > kMostDrifts) continue;
    log_.warning("changed by others; repairing it",
                 {{"what", to_string(found.thing)}, {"found", found.what}});
  }
  if (repaired > kMostDrifts) {
    log_.warning("changed by others; repairing it", {{"more", repaired - kMostDrifts}});
  }
}

void Reporter::drains_ended(const std::vector<EndedDrain>& ended) {
  for (const EndedDrain& end : ended) {
    metrics_.count_drain_ended(to_string(end.end));
    log_.info("drained",
              {{"virtual_server", ipvs::to_string(end.virtual_server)},
               {"real_server", ipvs::to_string(end.drain.server)},
               {"reason", to_string(end.end)},
               {"connections", end.drain.active_connections + end.drain.inactive_connections},
               {"lasted_s", count_of<std::chrono::seconds>(clock_.now() - end.drain.started)}});
  }
}

// One line, however many.
void Reporter::log_drains(const std::vector<StartedDrain>& started) {
  if (started.empty()) return;
  std::vector<std::string> names;
  TimePoint now = clock_.now();
  TimePoint oldest = now;
  TimePoint deadline = TimePoint::max();
  for (const StartedDrain& start : started) {
    oldest = std::min(oldest, start.drain.started);
    deadline = std::min(deadline, start.drain.deadline);
    if (names.size() == kMostServices) continue;
    names.push_back(ipvs::to_string(start.virtual_server) + " " +
                    ipvs::to_string(start.drain.server));
  }
  std::string until = "its connections end";
  if (deadline != TimePoint::max()) until = to_rfc3339(clock_.wall_now() + (deadline - now));
  log_.info("draining", {{"real_servers", joined(names, ", ", kMostServices, started.size())},
                         {"since_s", count_of<std::chrono::seconds>(now - oldest)},
                         {"at_most_until", until}});
}

void Reporter::reconfigure(const Configuration& configuration) {
  options_.health_timeout = 2 * configuration.ipvs.sync_period;
  options_.node_ports = configuration.node_port_addresses;
}

void Reporter::set_problem(const std::string& name, std::string problem) {
  problems_[name] = std::move(problem);
}

void Reporter::log_problems(const Host& host) {
  std::map<std::string, std::string> problems = host.problems();
  problems.insert(problems_.begin(), problems_.end());
  if (problems == told_problems_) return;
  for (const auto& [name, problem] : problems) {
    auto told = told_problems_.find(name);
    if (told != told_problems_.end() && told->second == problem) continue;
    log_.warning("degraded", {{"what", name}, {"problem", problem}});
    if (options_.events != nullptr) options_.events->degraded(name, problem);
  }
  for (const auto& [name, problem] : told_problems_) {
    if (!problems.contains(name)) log_.info("mended", {{"what", name}});
  }
  told_problems_ = std::move(problems);
}

void Reporter::note_upkeep(const Host& host, TimePoint now) {
  upkeep_.problems = told_problems_.size();
  upkeep_.other_proxy = host.rivals().suspect().has_value() || problems_.contains("kube-proxy");
  upkeep_.held = host.rivals().held();
  // Its cost grows with the number of drains, so not at every step.
  if (now - drains_noted_ >= std::chrono::seconds(1)) {
    drains_noted_ = now;
    upkeep_.drain_connections = host.drains().connections();
    auto oldest = host.drains().oldest();
    upkeep_.oldest_drain = oldest ? now - *oldest : base::Duration::zero();
  }
  metrics_.set_upkeep(upkeep_);
}

}  // namespace agent
