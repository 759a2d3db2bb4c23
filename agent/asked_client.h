#ifndef IPVS_AGENT_AGENT_ASKED_CLIENT_H_
#define IPVS_AGENT_AGENT_ASKED_CLIENT_H_

#include <optional>
#include <string>

#include "base/result.h"
#include "ipvs/foretold_choice.h"

namespace agent {

// The client that somebody asks about: "10.0.0.9", "10.0.0.9:40000", "fd00::9", "[fd00::9]:40000";
// no value for "". Errors: kInvalidArgument, under the name "client".
base::Result<std::optional<ipvs::Client>> parse_client(const std::string& text);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_ASKED_CLIENT_H_
