#ifndef IPVS_AGENT_AGENT_EVENT_REPORTS_H_
#define IPVS_AGENT_AGENT_EVENT_REPORTS_H_

#include <cstddef>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "agent/event_sender.h"
#include "agent/loop_listener.h"
#include "watchers/cluster_snapshot.h"

namespace agent {

// Chooses from what the loop tells what a user must know, and makes Kubernetes Events of it: on
// Services, what of them cannot be served and why; on the Node, a node taken over and what is
// degraded.
//
// Threading: the loop's thread, but for health_check_refused().
class EventReports {
 public:
  // `sender` outlives it.
  EventReports(EventSender& sender, std::string node);

  // As LoopListener's; kept until stepped().
  void object_rejected(const watchers::EventKey& object, const std::string& reason);
  void service_problems(const watchers::ObjectKey& service,
                        const std::vector<std::string>& problems);
  void planned(const DesiredHost& desired, const Touched& touched);
  void round_ended(const Round& round);
  void started(const Host& host);
  // A thing that is degraded from now on.
  void degraded(const std::string& what, const std::string& problem);
  // The port of a Service's health check cannot be listened on. From any thread.
  void health_check_refused(const watchers::ObjectKey& service, const std::string& error);
  // Sends what was kept.
  void stepped(const watchers::ClusterSnapshot& snapshot, const DesiredHost& desired);

 private:
  void add(KubernetesEvent event);
  void add_node(bool warning, std::string reason, std::string note);

  EventSender& sender_;
  const std::string node_;
  std::mutex mutex_;                     // of events_
  std::vector<KubernetesEvent> events_;  // without the uids of Services
  // Refused things of Services that are known by their virtual servers only.
  std::vector<std::pair<ipvs::VirtualServerKey, std::string>> refused_;
  std::size_t start_operations_ = 0;  // of the rounds of the start
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_EVENT_REPORTS_H_
