#ifndef IPVS_AGENT_AGENT_EXPLANATION_H_
#define IPVS_AGENT_AGENT_EXPLANATION_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/endpoint_choice.h"
#include "agent/endpoint_scope.h"
#include "agent/loop.h"
#include "agent/status_answer.h"
#include "ipvs/foretold_choice.h"
#include "ipvs/persistence.h"

// Why the host holds what it holds for a Service.
namespace agent {

// A Service and all that was looked at when it was planned. The objects are immutable, so that any
// thread may explain them.
struct PlannedFrom {
  std::shared_ptr<const watchers::Service> service;
  watchers::SliceList slices;
  NodeFacts node;
  ServiceStatus status;
  std::optional<base::Duration> applied;  // how long ago; no value before the first round
};

// What an entry of a slice comes to.
struct ExplainedEndpoint {
  base::IpAddress address;
  base::Port port = 0;
  std::string slice;  // its name
  std::string node;   // "" where the slice names none
  bool used = false;
  std::string why;
};

struct ExplainedVirtualServer {
  VirtualServerStatus status;
  // What decided beside the endpoints themselves: policies, hints; sentences.
  std::vector<std::string> notes;
  std::vector<ExplainedEndpoint> endpoints;  // sorted by address and port
  // What a new connection of the client gets that was asked about; no value where none was, where
  // it is of the other family, or where nothing is in the kernel.
  std::optional<ipvs::ForetoldChoice> choice;
};

struct Explanation {
  PlannedFrom from;
  std::string not_served;  // why nothing is made of the Service; "" where it is served
  std::vector<ExplainedVirtualServer> virtual_servers;
  // Of no address of the Service: another family, another port.
  std::vector<ExplainedEndpoint> unused;
};

// What explain_service() needs, from the loop's thread. Errors: kNotFound, with what else there may
// be; those of reading the kernel.
base::Result<PlannedFrom> planned_from(const Loop& loop, const watchers::ObjectKey& service,
                                       base::TimePoint now);

// The Service that an address, port and protocol belong to. Errors: kNotFound, with what is known
// of the address.
base::Result<watchers::ObjectKey> owner_of(const Loop& loop, const ipvs::VirtualServerKey& key);

// Judges every entry of every slice by the rules of the planning. Pure.
Explanation explain_service(PlannedFrom from);

// The same, and foretells what a client gets. `templates` is asked once, by the calling thread, and
// only where a virtual server is persistent.
Explanation explain_service(PlannedFrom from, const ipvs::Client& client,
                            const ipvs::TemplateSource& templates);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_EXPLANATION_H_
