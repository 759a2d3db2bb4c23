#ifndef IPVS_AGENT_AGENT_UNIX_SOCKET_H_
#define IPVS_AGENT_AGENT_UNIX_SOCKET_H_

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace agent {

// A stream socket that listens at a path, for the file's owner alone (mode 0600). Makes the folder
// where only that is missing, and replaces what a dead program left there.
// Errors: name the path and the remedy; kAlreadyExists where somebody listens there or the file is
// no socket: neither is touched.
base::Result<base::UniqueFd> listen_at_path(const std::string& path);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_UNIX_SOCKET_H_
