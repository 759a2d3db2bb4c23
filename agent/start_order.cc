#include "agent/start_order.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace agent {
namespace {

const std::array<watchers::ObjectKey, 3> kCritical = {{
    {"default", "kubernetes"},
    {"kube-system", "kube-dns"},
    {"kube-system", "coredns"},
}};

// Virtual servers a part.
constexpr std::size_t kPart = 2000;

Touched touched_of(const ServicePlan& plan) {
  Touched touched;
  for (const PlannedVirtualServer& planned : plan.virtual_servers) {
    touched.virtual_servers.push_back(planned.server.key);
  }
  touched.addresses = plan.addresses;
  touched.set_entries = plan.set_entries;
  return touched;
}

}  // namespace

std::vector<Touched> start_parts(Touched everything, const DesiredHost& desired) {
  everything.normalise();
  std::vector<Touched> parts;
  for (const watchers::ObjectKey& service : kCritical) {
    if (const ServicePlan* plan = desired.plan(service)) parts.push_back(touched_of(*plan));
  }
  auto unwanted = std::partition(everything.set_entries.begin(), everything.set_entries.end(),
                                 [&](const SetEntry& entry) { return desired.wants(entry); });
  std::stable_partition(
      everything.virtual_servers.begin(), everything.virtual_servers.end(),
      [&](const ipvs::VirtualServerKey& key) { return desired.virtual_server(key) != nullptr; });
  Touched part;
  part.addresses = std::move(everything.addresses);
  part.set_entries.assign(everything.set_entries.begin(), unwanted);
  for (const ipvs::VirtualServerKey& key : everything.virtual_servers) {
    part.virtual_servers.push_back(key);
    if (part.virtual_servers.size() < kPart) continue;
    parts.push_back(std::exchange(part, {}));
  }
  part.set_entries.insert(part.set_entries.end(), unwanted, everything.set_entries.end());
  parts.push_back(std::move(part));
  return parts;
}

}  // namespace agent
