#ifndef IPVS_AGENT_AGENT_STATUS_ANSWER_H_
#define IPVS_AGENT_AGENT_STATUS_ANSWER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/label_selector.h"
#include "agent/loop.h"
#include "agent/service_plan.h"
#include "base/clock.h"
#include "base/result.h"
#include "ipvs/ipvs_table.h"
#include "watchers/objects.h"

// What `status` tells: values made on the loop's thread, to be written down on another.
namespace agent {

// Which Services are asked for, and which part of them.
struct StatusQuestion {
  std::string space;  // "" for all namespaces
  std::string name;   // "" for all
  LabelSelector selector;
  // What namespace or name contain ("shop/we" may span both), or one of the Service's addresses;
  // "" for all.
  std::string text;
  bool troubled = false;      // only those that have a problem, or an address without endpoints
  watchers::ObjectKey after;  // those behind it, in the order of namespace and name
  std::size_t limit = 100;    // Services; >= 1
};

struct DrainStatus {
  base::Duration lasts{};                // since it began
  std::optional<base::Duration> left{};  // until its deadline; no value where it has none
};

struct RealServerStatus {
  ipvs::RealServer server;  // as the kernel has it; as it is planned where the kernel does not
  bool in_kernel = false;
  bool planned = false;
  std::uint32_t active_connections = 0;
  std::uint32_t inactive_connections = 0;
  std::optional<DrainStatus> drain;
  std::uint32_t place = 0;  // ipvs::RealServerState::place, where in_kernel
};

struct VirtualServerStatus {
  PlannedVirtualServer planned;
  bool in_kernel = false;
  ipvs::VirtualServer actual;  // as the kernel has it, where it does
  // The Service that has the address, port and protocol instead of this one; an empty name where
  // this one has it.
  watchers::ObjectKey taken_by;
  // What clients inside the cluster reach by a firewall mark of their own: the address and port
  // that they connect to; port 0 for what all clients reach.
  ipvs::VirtualServerKey inside_of;
  std::vector<RealServerStatus> real_servers;  // sorted by key
  std::string failure;                         // of its last operation; "" where none failed
};

struct ServiceStatus {
  watchers::ObjectKey key;
  watchers::ServiceType type = watchers::ServiceType::kClusterIp;
  bool headless = false;
  std::vector<std::string> problems;
  std::optional<base::Duration> waits;  // how long a change of it waits
  std::vector<VirtualServerStatus> virtual_servers;
};

// The agent as a whole.
struct AgentStatus {
  std::string node;
  bool started = false;
  bool shadow = false;  // it programs nothing
  std::size_t services = 0;
  std::size_t virtual_servers = 0;
  std::size_t real_servers = 0;
  std::size_t drains = 0;
  std::size_t foreign_virtual_servers = 0;
  std::size_t services_waiting = 0;
  std::size_t retries = 0;
};

struct StatusPage {
  AgentStatus agent;
  std::vector<ServiceStatus> services;      // sorted by key
  std::optional<watchers::ObjectKey> next;  // ask for those behind it; no value at the end
  // Ask for those behind it to come to the page before; an empty key: the first page. No value on
  // the first page.
  std::optional<watchers::ObjectKey> previous;
  std::size_t matching = 0;  // Services that are asked for, on all pages
  std::size_t before = 0;    // how many of them are on pages before this one
};

AgentStatus agent_status(const Loop& loop);

// One page: at most `limit` Services, and fewer where they have many virtual servers, so that the
// loop's work for it is bounded. Connections are read from the kernel. Errors: those of reading it.
base::Result<StatusPage> status_page(const Loop& loop, const StatusQuestion& question,
                                     base::TimePoint now);

// One Service that is known, as above.
base::Result<ServiceStatus> service_status(const Loop& loop, const watchers::Service& service,
                                           base::TimePoint now);

// "ClusterIP", "NodePort", ...
std::string_view to_string(watchers::ServiceType type);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_STATUS_ANSWER_H_
