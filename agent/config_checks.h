#ifndef IPVS_AGENT_AGENT_CONFIG_CHECKS_H_
#define IPVS_AGENT_AGENT_CONFIG_CHECKS_H_

#include <string>
#include <vector>

#include "agent/configuration.h"

// What can be said only of a whole configuration, not of one key.
namespace agent {

// What contradicts itself in an otherwise well-formed configuration: sentences that begin with the
// key; empty when nothing does.
std::vector<std::string> contradictions(const Configuration& configuration);

// What works but is probably not what was meant: sentences that begin with the key.
std::vector<std::string> doubts(const Configuration& configuration);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_CONFIG_CHECKS_H_
