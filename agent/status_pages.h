#ifndef IPVS_AGENT_AGENT_STATUS_PAGES_H_
#define IPVS_AGENT_AGENT_STATUS_PAGES_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/health.h"
#include "agent/http_message.h"
#include "agent/published.h"
#include "base/clock.h"

// What the agent's two HTTP servers have to offer, as kube-proxy's offer it.
namespace agent {

// Makes a page or takes it from where it lies. Called from server threads.
using TextSource = std::function<std::shared_ptr<const std::string>()>;

// Called with the status code of every answer of a health page: for a counter.
using StatusObserver = std::function<void(int status)>;

// /healthz and /livez of the health port. What is referred to must live longer than the routes.
std::map<std::string, HttpRoute> health_pages(const Published<HealthState>& health,
                                              const base::Clock& clock, StatusObserver on_healthz,
                                              StatusObserver on_livez);

// /metrics, /healthz ("ok"), /proxyMode ("ipvs") and /configz of the metrics port. `metrics` makes
// the page in Prometheus' text format; `configz` makes
// the JSON object of the configuration in force.
std::map<std::string, HttpRoute> metrics_pages(TextSource metrics, TextSource configz);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_STATUS_PAGES_H_
