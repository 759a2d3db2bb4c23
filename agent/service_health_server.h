#ifndef IPVS_AGENT_AGENT_SERVICE_HEALTH_SERVER_H_
#define IPVS_AGENT_AGENT_SERVICE_HEALTH_SERVER_H_

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <vector>

#include "agent/http_server.h"
#include "agent/log.h"
#include "agent/service_health.h"
#include "base/ip_address.h"
#include "watchers/objects.h"

namespace agent {

// Answers load balancers at the healthCheckNodePort of each Service that has one, as kube-proxy
// does: 200 while the Service has a ready endpoint on this node and the proxy is healthy, otherwise
// 503; any path, any method. Both families are served by one listener.
//
// A port that two Services name (while one replaces the other) stays with the one that has it until
// that lets it go; the others are told of in the log.
// Threading: start(), set() and listen_at() by one thread; one more, the HttpServer's, answers.
// Errors: a port that cannot be listened on is told with its Service, and tried again every
//   `retry_interval`; it concerns no other.
class ServiceHealthServer {
 public:
  // `proxy_healthy` is called for each answer, from the server's thread. `log` must live longer.
  ServiceHealthServer(std::function<bool()> proxy_healthy, Log& log,
                      base::Duration retry_interval = std::chrono::seconds(5));
  ~ServiceHealthServer();

  // Told, with the reason, of each Service whose health check cannot be served, until it can; from
  // any thread. Before start().
  using RefusalObserver =
      std::function<void(const watchers::ObjectKey& service, const std::string& error)>;
  void on_refusal(RefusalObserver observer) { on_refusal_ = std::move(observer); }
  // Before the first of the others. Errors: kResourceExhausted.
  base::Status start();
  // A Service's health check is this now; `health.port` 0: it has none.
  void set(const watchers::ObjectKey& service, const ServiceHealth& health);
  // The addresses to listen at, on every port.
  void listen_at(std::vector<base::IpAddress> addresses);

  struct Counts {
    std::size_t services = 0;  // that want a health check port
    std::size_t failing = 0;   // of those, without it, or not at every address
  };
  Counts counts() const;
  // Where health checks are answered now.
  std::vector<ListenAddress> serving() const { return server_.serving(); }

 private:
  struct PortUse {
    watchers::ObjectKey owner;
    std::set<watchers::ObjectKey> waiting;  // for the owner to let it go
    std::set<base::IpAddress> failed;       // cannot be listened at
  };

  void claim(base::Port port, const watchers::ObjectKey& service);
  void release(base::Port port, const watchers::ObjectKey& service);
  void note_failure(PortUse& use, const base::IpAddress& address, bool failed);
  HttpResponse answer(const HttpRequest& request) const;
  void listened(const ListenAddress& wanted, const base::Result<ListenAddress>& bound);

  std::function<bool()> proxy_healthy_;
  Log& log_;
  RefusalObserver on_refusal_;
  std::vector<base::IpAddress> addresses_;  // sorted; the calling thread's, guarded for counts()
  mutable std::mutex mutex_;                // guards those below; never held into server_
  std::unordered_map<watchers::ObjectKey, ServiceHealth> services_;
  std::map<base::Port, PortUse> ports_;
  std::size_t waiting_ = 0;  // Services, over all ports
  std::size_t failing_ = 0;  // ports that cannot be listened on everywhere
  HttpServer server_;        // last: its thread uses the others
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_SERVICE_HEALTH_SERVER_H_
