#include "agent/status_answer.h"

#include <algorithm>
#include <span>
#include <utility>

#include "agent/host_inspection.h"
#include "agent/service_selection.h"
#include "base/sorted.h"

namespace agent {
namespace {

using ipvs::VirtualServerKey;
using watchers::ObjectKey;
using watchers::Service;

// A page ends where it has so many, but has one Service at least.
constexpr std::size_t kVirtualServersAPage = 200;
constexpr std::size_t kRealServersAPage = 4000;

// Makes the status of Services of what was read of their virtual servers.
class StatusMaker {
 public:
  // `states` sorted by key.
  StatusMaker(const Loop& loop, std::vector<ipvs::VirtualServerState> states, base::TimePoint now)
      : host_(loop.host()), loop_(loop), states_(std::move(states)), now_(now) {}

  ServiceStatus make(const Service& service) const {
    ServiceStatus status;
    status.key = service.key;
    status.type = service.type;
    status.headless = service.headless;
    if (auto since = loop_.waiting_since(service.key)) status.waits = now_ - *since;
    const ServicePlan* plan = host_.desired().plan(service.key);
    if (plan == nullptr) {
      status.problems = service.problems;
      return status;
    }
    status.problems = plan->problems;
    for (const PlannedVirtualServer& planned : plan->virtual_servers) {
      status.virtual_servers.push_back(virtual_server(service.key, *plan, planned));
    }
    return status;
  }

 private:
  VirtualServerStatus virtual_server(const ObjectKey& service, const ServicePlan& plan,
                                     const PlannedVirtualServer& planned) const {
    const VirtualServerKey& key = planned.server.key;
    VirtualServerStatus status;
    status.planned = planned;
    if (key.firewall_mark != 0) status.inside_of = inside_of(plan, key);
    const ObjectKey* owner = host_.desired().owner(key);
    if (owner != nullptr && *owner != service) {
      status.taken_by = *owner;
      return status;
    }
    auto failing = host_.retries().all().find(HostThing(key));
    if (failing != host_.retries().all().end()) status.failure = failing->second.message;
    auto state = std::lower_bound(states_.begin(), states_.end(), key,
                                  [](const auto& a, const auto& b) { return a.server.key < b; });
    status.in_kernel = state != states_.end() && state->server.key == key;
    if (status.in_kernel) status.actual = state->server;
    static const std::vector<ipvs::RealServerState> kNone;
    merge(planned.real_servers, status.in_kernel ? state->real_servers : kNone, key,
          status.real_servers);
    return status;
  }

  // Both sorted by key.
  void merge(const RealServerList& planned, const std::vector<ipvs::RealServerState>& actual,
             const VirtualServerKey& key, std::vector<RealServerStatus>& merged) const {
    auto want = planned.begin();
    auto have = actual.begin();
    while (want != planned.end() || have != actual.end()) {
      RealServerStatus& real = merged.emplace_back();
      real.in_kernel =
          have != actual.end() && (want == planned.end() || have->server.key <= want->key);
      real.planned =
          want != planned.end() && (have == actual.end() || want->key <= have->server.key);
      if (real.in_kernel) {
        real.server = have->server;
        real.active_connections = have->active_connections;
        real.inactive_connections = have->inactive_connections;
        real.place = have->place;
        ++have;
      } else {
        real.server = *want;
      }
      if (real.planned) ++want;
      if (const Drain* drain = host_.drains().find(key, real.server.key)) {
        real.drain = DrainStatus{.lasts = now_ - drain->started, .left = {}};
        if (drain->deadline != base::TimePoint::max()) real.drain->left = drain->deadline - now_;
      }
    }
  }

  VirtualServerKey inside_of(const ServicePlan& plan, const VirtualServerKey& marked) const {
    const std::uint32_t mask = host_.options().inside_mark_mask;
    for (const SetEntry& entry : plan.set_entries) {
      if (entry.set != SetId::kInsideMark || entry.family != marked.family()) continue;
      if ((entry.entry.mark & mask) != (marked.firewall_mark & mask)) continue;
      return {
          .address = entry.entry.ip, .port = entry.entry.port, .protocol = entry.entry.protocol};
    }
    return {};
  }

  const Host& host_;
  const Loop& loop_;
  std::vector<ipvs::VirtualServerState> states_;
  base::TimePoint now_;
};

base::Result<std::vector<ipvs::VirtualServerState>> read_plans(
    const Host& host, std::span<const Service* const> services) {
  std::vector<VirtualServerKey> keys;
  for (const Service* service : services) {
    const ServicePlan* plan = host.desired().plan(service->key);
    if (plan == nullptr) continue;
    for (const PlannedVirtualServer& planned : plan->virtual_servers) {
      keys.push_back(planned.server.key);
    }
  }
  base::sort_unique(keys);
  if (keys.empty()) return std::vector<ipvs::VirtualServerState>();
  return HostInspection(host).read(keys);
}

// How many of them make a page.
std::size_t page_size(const Host& host, std::span<const Service* const> services) {
  std::size_t virtual_servers = 0;
  std::size_t real_servers = 0;
  for (std::size_t i = 0; i < services.size(); ++i) {
    const ServicePlan* plan = host.desired().plan(services[i]->key);
    if (plan == nullptr) continue;
    virtual_servers += plan->virtual_servers.size();
    for (const PlannedVirtualServer& planned : plan->virtual_servers) {
      real_servers += planned.real_servers.size();
    }
    if (virtual_servers > kVirtualServersAPage || real_servers > kRealServersAPage) {
      return std::max<std::size_t>(i, 1);
    }
  }
  return services.size();
}

}  // namespace

AgentStatus agent_status(const Loop& loop) {
  const Host& host = loop.host();
  AgentStatus status;
  status.node = loop.node().name;
  status.started = loop.started();
  status.shadow = host.options().shadow;
  status.services = loop.snapshot().service_count();
  status.virtual_servers = host.believed().virtual_servers().size();
  status.real_servers = host.believed().real_server_count();
  status.drains = host.drains().size();
  status.foreign_virtual_servers = host.foreign_virtual_servers();
  status.services_waiting = loop.pending_count();
  status.retries = host.retries().size();
  return status;
}

base::Result<StatusPage> status_page(const Loop& loop, const StatusQuestion& question,
                                     base::TimePoint now) {
  StatusPage page;
  page.agent = agent_status(loop);
  // One more tells whether something follows.
  const std::size_t limit = std::max<std::size_t>(question.limit, 1);
  ServiceSelection selection = select_services(loop, question, limit + 1);
  page.matching = selection.matching;
  page.before = selection.before;
  page.previous = std::move(selection.previous);
  std::vector<const Service*> services = std::move(selection.services);
  const std::size_t size = std::min(page_size(loop.host(), services), limit);
  if (size < services.size()) {
    services.resize(size);
    page.next = services.back()->key;
  }
  auto states = read_plans(loop.host(), services);
  if (!states.ok()) return states.status();
  StatusMaker maker(loop, *std::move(states), now);
  for (const Service* service : services) page.services.push_back(maker.make(*service));
  return page;
}

base::Result<ServiceStatus> service_status(const Loop& loop, const Service& service,
                                           base::TimePoint now) {
  const Service* const services[] = {&service};
  auto states = read_plans(loop.host(), services);
  if (!states.ok()) return states.status();
  return StatusMaker(loop, *std::move(states), now).make(service);
}

std::string_view to_string(watchers::ServiceType type) {
  switch (type) {
    case watchers::ServiceType::kClusterIp: return "ClusterIP";
    case watchers::ServiceType::kNodePort: return "NodePort";
    case watchers::ServiceType::kLoadBalancer: return "LoadBalancer";
    case watchers::ServiceType::kExternalName: return "ExternalName";
  }
  return "unknown";
}

}  // namespace agent
