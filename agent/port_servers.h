#ifndef IPVS_AGENT_AGENT_PORT_SERVERS_H_
#define IPVS_AGENT_AGENT_PORT_SERVERS_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/configuration.h"
#include "agent/health.h"
#include "agent/http_server.h"
#include "agent/metrics.h"
#include "agent/published.h"
#include "base/clock.h"
#include "base/result.h"

namespace agent {

// The servers of the health port and of the metrics port, those that are configured.
//
// Threading: one owner; each server has a thread of its own.
class PortServers {
 public:
  // All references outlive it, but for the configuration. `configz` is the configuration in force.
  PortServers(const Configuration& configuration, Metrics& metrics,
              const Published<HealthState>& health, const Published<std::string>& configz,
              const base::Clock& clock, Log& log);

  // A failure to listen ends it only with `hard_fail`; otherwise it is tried again.
  base::Status start(bool hard_fail);

 private:
  struct Server {
    std::string name;
    ListenAddress address;
    std::unique_ptr<HttpServer> server;
  };

  void add(const std::string& name, const ListenAddress& address,
           std::map<std::string, HttpRoute> routes, Log& log);

  std::vector<Server> servers_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_PORT_SERVERS_H_
