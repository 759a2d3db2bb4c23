#ifndef IPVS_AGENT_IPVS_PERSISTENCE_H_
#define IPVS_AGENT_IPVS_PERSISTENCE_H_

#include <chrono>
#include <functional>
#include <istream>
#include <map>
#include <span>

#include "base/ip_address.h"
#include "base/result.h"
#include "ipvs/foretold_choice.h"
#include "ipvs/ipvs_table.h"

// Whom the kernel remembers of a persistent virtual server (Kubernetes' session affinity): its
// template for a client decides before the scheduler does.
namespace ipvs {

struct PersistenceTemplate {
  RealServerKey server;  // port 0: whichever port the client connects to (firewall marks)
  std::chrono::seconds left{};
};

struct FoundTemplates {
  std::map<VirtualServerKey, PersistenceTemplate> by_virtual_server;
  // Not OK: there may be others that were not found, and why.
  base::Status complete;
};

// The templates of a client among the first 100,000 entries of a list of connections, of these
// virtual servers; those that are not persistent, of the other family, or persistent by an engine
// of their own have none.
//
// Kernel notes: the list is in the form of /proc/net/ip_vs_conn. A template is an entry with the
// client's network (persistence_prefix), whose port is 0; with port 0 instead of the virtual
// server's for FTP, and with the protocol "IP" and the mark as address for a firewall mark
// (ip_vs_sched_persist() of the kernel's ip_vs_core.c).
FoundTemplates find_templates(std::istream& connections, std::span<const VirtualServer> servers,
                              const base::IpAddress& client);

// The same of the calling thread's network namespace. The kernel has no way to ask for one entry:
// every one before it is read, and reading n of them costs it about n^2/60 steps (30 entries a
// page, each page begun at the first), which is why there is a limit. To be called by a thread that
// may take a second; nothing is read where no virtual server is persistent.
FoundTemplates read_templates(std::span<const VirtualServer> servers,
                              const base::IpAddress& client);

// read_templates(), or what a test has instead.
using TemplateSource =
    std::function<FoundTemplates(std::span<const VirtualServer>, const base::IpAddress& client)>;

// What becomes of the scheduler's choice where the virtual server is persistent: the remembered
// real server goes before it while it takes new connections. The same choice where it is not.
ForetoldChoice with_persistence(ForetoldChoice scheduled, const VirtualServerState& state,
                                const FoundTemplates& found);

}  // namespace ipvs

#endif  // IPVS_AGENT_IPVS_PERSISTENCE_H_
