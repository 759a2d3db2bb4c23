#ifndef IPVS_AGENT_AGENT_CONFIG_ANSWER_H_
#define IPVS_AGENT_AGENT_CONFIG_ANSWER_H_

#include <map>
#include <string>

#include "agent/config_file.h"

namespace agent {

// Every key that does something with its value and where that comes from:
// {"values": [{"key": "ipvs.scheduler", "value": "\"rr\"", "origin": "default"}, ...]}. Origins are
// "default", "file" and "flag".
std::string configuration_json(const Configuration& configuration,
                               const std::map<std::string, Origin>& origins);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_CONFIG_ANSWER_H_
