#include "agent/port_servers.h"

#include <utility>

#include "agent/status_pages.h"

namespace agent {

PortServers::PortServers(const Configuration& configuration, Metrics& metrics,
                         const Published<HealthState>& health,
                         const Published<std::string>& configz, const base::Clock& clock,
                         Log& log) {
  if (configuration.healthz_bind_address) {
    add("healthz", *configuration.healthz_bind_address,
        health_pages(
            health, clock, [&](int status) { metrics.count_healthz(status); },
            [&](int status) { metrics.count_livez(status); }),
        log);
  }
  if (configuration.metrics_bind_address) {
    add("metrics", *configuration.metrics_bind_address,
        metrics_pages([&] { return metrics.page(); }, [&] { return configz.get(); }), log);
  }
}

base::Status PortServers::start(bool hard_fail) {
  for (Server& entry : servers_) {
    if (base::Status status = entry.server->start(); !status.ok()) return status.in(entry.name);
    base::Status status = entry.server->listen(entry.address);
    if (!status.ok() && hard_fail) return status.in(entry.name + " server");
  }
  return {};
}

void PortServers::add(const std::string& name, const ListenAddress& address,
                      std::map<std::string, HttpRoute> routes, Log& log) {
  servers_.push_back(
      {name, address,
       std::make_unique<HttpServer>(HttpServerOptions{.answer = answer_by_path(std::move(routes)),
                                                      .on_listen = log_listening(name, log)})});
}

}  // namespace agent
