#ifndef IPVS_AGENT_AGENT_API_SOURCES_H_
#define IPVS_AGENT_AGENT_API_SOURCES_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/log.h"
#include "agent/metrics.h"
#include "base/clock.h"
#include "watchers/cluster_access.h"
#include "watchers/object_event.h"
#include "watchers/reflector.h"
#include "watchers/rest_client.h"
#include "watchers/waiter.h"

namespace agent {

// What the agent follows in the Kubernetes API: Services, EndpointSlices (Endpoints where the
// cluster has none) and the own Node, each by a reflector with a thread of its own.
//
// Threading: start() and stop() from one thread, status() from any.
class ApiSources {
 public:
  // All references outlive it. `seed` should differ from node to node.
  ApiSources(const watchers::ClusterAccess& access, const std::string& node_name,
             watchers::EventMailbox& mailbox, const base::Clock& clock, Log& log,
             std::uint64_t seed);
  ~ApiSources();

  void start();
  // Ends all requests and threads.
  void stop();

  std::vector<SourceStatus> status() const;

  // Other requests to the same server; they end with stop().
  watchers::RestClient& client() { return *client_; }

 private:
  struct Source {
    watchers::SystemWaiter waiter;
    std::unique_ptr<watchers::Reflector> reflector;
  };

  void add(watchers::ReflectorOptions options, watchers::EventMailbox& mailbox,
           const base::Clock& clock, Log& log, std::uint64_t seed);

  std::atomic<bool> stopping_ = false;
  std::unique_ptr<watchers::RestClient> client_;
  std::vector<std::unique_ptr<Source>> sources_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_API_SOURCES_H_
