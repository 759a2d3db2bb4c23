#include "agent/event_reports.h"

#include <optional>
#include <utility>

#include "ipvs/virtual_server.h"

namespace agent {
namespace {

// What is kept for one step; far more than can be sent.
constexpr std::size_t kMostKept = 200;

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

// The virtual server that a thing belongs to; no value where it is no Service's own.
std::optional<ipvs::VirtualServerKey> virtual_server_of(const HostThing& thing) {
  if (const auto* key = std::get_if<ipvs::VirtualServerKey>(&thing)) return *key;
  if (const auto* entry = std::get_if<SetEntry>(&thing)) {
    return ipvs::VirtualServerKey{
        .address = entry->entry.ip, .port = entry->entry.port, .protocol = entry->entry.protocol};
  }
  return std::nullopt;
}

}  // namespace

EventReports::EventReports(EventSender& sender, std::string node)
    : sender_(sender), node_(std::move(node)) {}

void EventReports::add(KubernetesEvent event) {
  std::lock_guard lock(mutex_);
  if (events_.size() < kMostKept) events_.push_back(std::move(event));
}

void EventReports::add_node(bool warning, std::string reason, std::string note) {
  add({.kind = "Node",
       .object = {"", node_},
       .uid = node_,  // as the kubelet's events, which `kubectl describe node` looks for
       .warning = warning,
       .reason = std::move(reason),
       .note = std::move(note),
       .of_this_node = true});
}

void EventReports::object_rejected(const watchers::EventKey& object, const std::string& reason) {
  if (object.object.name.empty()) return;  // nobody could be told of it
  const std::string note = "not understood, the last good form stays in use: " + reason;
  if (object.kind == watchers::Kind::kNode) return add_node(true, "NodeRejected", note);
  if (object.kind != watchers::Kind::kService) return;  // a slice is its controller's work
  add({.kind = "Service",
       .object = object.object,
       .uid = "",
       .reason = "ServiceRejected",
       .note = note});
}

void EventReports::service_problems(const watchers::ObjectKey& service,
                                    const std::vector<std::string>& problems) {
  if (problems.empty()) return;
  add({.kind = "Service",
       .object = service,
       .uid = "",
       .reason = "ServiceNotFullyServed",
       .note = joined(problems)});
}

void EventReports::planned(const DesiredHost& desired, const Touched& touched) {
  for (const ipvs::VirtualServerKey& key : touched.virtual_servers) {
    for (const watchers::ObjectKey& loser : desired.losers(key)) {
      add({.kind = "Service",
           .object = loser,
           .uid = "",
           .reason = "AddressTaken",
           .note = ipvs::to_string(key) +
                   " is not served for this Service: " + watchers::to_string(*desired.owner(key)) +
                   " has it; give one of the two another address or port"});
    }
  }
}

void EventReports::started(const Host& host) {
  const std::optional<Adoption>& adopted = host.adopted();
  if (!adopted) return;
  add_node(
      false, "TakenOver",
      "virtual servers that kube-proxy's IPVS mode or another program had left were adopted: " +
          std::to_string(adopted->virtual_servers) + " of " + std::to_string(adopted->found) +
          " virtual servers, and " + std::to_string(adopted->real_servers) +
          " real servers, stay as they were; operations needed to bring the rest in step: " +
          std::to_string(start_operations_));
}

void EventReports::round_ended(const Round& round) {
  if (round.cause == "start") start_operations_ += round.report.operation_count();
  for (const auto& [operation, count] : round.report.operations) {
    const auto& [table, verb, code] = operation;
    if (verb != "remove_other_mode" || code != base::Code::kOk) continue;
    add_node(false, "TakenOver",
             "what kube-proxy's iptables or nftables mode had left was removed; Services are "
             "served by IPVS");
    break;
  }
  for (const HostFailure& failure : round.report.failures) {
    if (failure.failure_class != FailureClass::kRejected || refused_.size() >= kMostKept) continue;
    if (auto key = virtual_server_of(failure.thing)) {
      refused_.emplace_back(*key, failure.status.message());
    }
  }
}

void EventReports::degraded(const std::string& what, const std::string& problem) {
  add_node(true, "ServiceProxyDegraded", what + ": " + problem);
}

void EventReports::health_check_refused(const watchers::ObjectKey& service,
                                        const std::string& error) {
  add({.kind = "Service",
       .object = service,
       .uid = "",
       .reason = "HealthCheckPortTaken",
       .note = "on node " + node_ + ": " + error,
       .of_this_node = true});
}

void EventReports::stepped(const watchers::ClusterSnapshot& snapshot, const DesiredHost& desired) {
  for (auto& [key, error] : std::exchange(refused_, {})) {
    const watchers::ObjectKey* service = desired.owner(key);
    if (service == nullptr) continue;
    add({.kind = "Service",
         .object = *service,
         .uid = "",
         .reason = "RefusedByKernel",
         .note = "on node " + node_ + ": " + error,
         .of_this_node = true});
  }
  std::vector<KubernetesEvent> events;
  {
    std::lock_guard lock(mutex_);
    events.swap(events_);
  }
  for (KubernetesEvent& event : events) {
    if (event.kind == "Service") {
      // `kubectl describe` looks for the events of this very object.
      if (auto service = snapshot.service(event.object)) event.uid = service->uid;
    }
    sender_.post(std::move(event));
  }
}

}  // namespace agent
