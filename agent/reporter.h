#ifndef IPVS_AGENT_AGENT_REPORTER_H_
#define IPVS_AGENT_AGENT_REPORTER_H_

#include <functional>
#include <string>
#include <vector>

#include "agent/configuration.h"
#include "agent/event_reports.h"
#include "agent/health.h"
#include "agent/log.h"
#include "agent/loop.h"
#include "agent/loop_listener.h"
#include "agent/metrics.h"
#include "agent/published.h"
#include "agent/service_health_server.h"
#include "agent/service_traffic.h"
#include "base/clock.h"

namespace agent {

// Turns what the loop tells into log lines, metrics and the published health.
//
// At info there is one line for each applied change, with the operations as commands that can be
// pasted into a shell; at debug the lines of upkeep too.
// Threading: the loop's thread.
class Reporter final : public LoopListener {
 public:
  struct Options {
    base::Duration health_timeout = std::chrono::minutes(1);  // twice ipvs.syncPeriod
    std::vector<base::Family> families;
    // How the sources of objects do; asked once a step.
    std::function<std::vector<SourceStatus>()> sources;
    // Told of Services' health checks and where to answer them; null: nobody is. Outlives this.
    ServiceHealthServer* health_checks = nullptr;
    NodePortAddresses node_ports;
    // Told whose the virtual servers are; null: nobody is. Outlives this.
    ServiceTraffic* traffic = nullptr;
    // Told what users must know; null: nobody is. Outlives this.
    EventReports* events = nullptr;
  };

  // All references outlive it.
  Reporter(Log& log, Metrics& metrics, Published<HealthState>& health, const base::Clock& clock,
           Options options);

  // What of another configuration concerns reports.
  void reconfigure(const Configuration& configuration);
  // Something beside the host is degraded: told with the host's problems until it is cleared.
  void set_problem(const std::string& name, std::string problem);
  void clear_problem(const std::string& name) { problems_.erase(name); }
  void note_configuration(const ConfigStanding& standing) { upkeep_.configuration = standing; }

  void changes_taken(std::size_t services, std::size_t slices) override;
  void object_rejected(const watchers::EventKey& object, const std::string& reason) override;
  void service_problems(const watchers::ObjectKey& service,
                        const std::vector<std::string>& problems) override;
  void planned(const DesiredHost& desired, const Touched& touched) override;
  void start_failed(const base::Status& failure, base::Duration retry_in) override;
  void node_not_seen(base::Duration waited) override;
  void started(const Host& host, base::Duration took) override;
  void drifted(const std::vector<Drift>& drift) override;
  void drains_ended(const std::vector<EndedDrain>& ended) override;
  void round_ended(const Round& round) override;
  void service_health_changed(const watchers::ObjectKey& service,
                              const ServiceHealth& health) override;
  void node_changed(const NodeFacts& node) override;
  void stepped(const Loop& loop, base::TimePoint now) override;

 private:
  void log_round(const Round& round);
  void tell_shadow(const Round& round);
  void log_drains(const std::vector<StartedDrain>& started);
  void measure_round(const Round& round);
  void log_problems(const Host& host);
  void note_upkeep(const Host& host, base::TimePoint now);

  Log& log_;
  Metrics& metrics_;
  Published<HealthState>& health_;
  const base::Clock& clock_;
  Options options_;
  const base::WallTime began_;                   // trigger times before it say nothing about us
  std::map<std::string, std::string> problems_;  // beside the host's
  std::map<std::string, std::string> told_problems_;
  std::string start_failure_;  // "" once started
  std::optional<base::WallTime> last_updated_;
  Upkeep upkeep_;
  base::TimePoint drains_noted_{};
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_REPORTER_H_
