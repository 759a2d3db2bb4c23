#ifndef IPVS_AGENT_AGENT_TRAFFIC_OWNERS_H_
#define IPVS_AGENT_AGENT_TRAFFIC_OWNERS_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/desired_host.h"

namespace agent {

// Whose packets a virtual server gets.
enum class Clients : std::uint8_t {
  kAll,          // everybody's, but for those that another virtual server of the address gets
  kPods,         // those of pods (inside_marks.h)
  kMasqueraded,  // those of the node, and of pods that are masqueraded
};

// "all", "pods", "masqueraded".
std::string_view to_string(Clients clients);

// What metrics say of a virtual server: whose it is, and what clients call it. No two virtual
// servers have the same address, port, protocol and clients.
struct TrafficOwner {
  std::shared_ptr<const watchers::ObjectKey> service;  // null: not ours
  VipKind kind = VipKind::kClusterIp;
  Clients clients = Clients::kAll;
  base::Protocol protocol = base::Protocol::kTcp;
  base::Port port = 0;
  base::IpAddress address;
};

// The Services of all virtual servers, for those who read counters from the kernel.
//
// Threading: the loop's thread notes, any other asks; nobody holds the other up for longer than a
// few hundred look-ups. Noting costs what changed.
class TrafficOwners {
 public:
  // Takes note of whom the touched virtual servers belong to now.
  void note(const DesiredHost& desired, std::span<const ipvs::VirtualServerKey> touched);
  void clear();

  // One answer for each key.
  std::vector<TrafficOwner> owners_of(std::span<const ipvs::VirtualServerKey> keys) const;
  std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<ipvs::VirtualServerKey, TrafficOwner> owners_;
};

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_TRAFFIC_OWNERS_H_
