#ifndef IPVS_AGENT_AGENT_INSTANCE_LOCK_H_
#define IPVS_AGENT_AGENT_INSTANCE_LOCK_H_

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace agent {

// Held by the one agent that may write in a network namespace: a socket of an abstract name
// (unix(7)), which belongs to the namespace, needs no file system, and goes with its process.
//
// Errors: kAlreadyExists while another agent runs here.
base::Result<base::UniqueFd> take_instance_lock(const std::string& name);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_INSTANCE_LOCK_H_
