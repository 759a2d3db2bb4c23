#ifndef IPVS_AGENT_AGENT_CONFIG_TEXT_H_
#define IPVS_AGENT_AGENT_CONFIG_TEXT_H_

#include <string>

#include "agent/configuration.h"

// A configuration in the forms in which people and programs read it.
namespace agent {

// A KubeProxyConfiguration with every key; parse_config() of it gives the same configuration.
std::string to_yaml(const Configuration& configuration);

// The same as the JSON object that kube-proxy serves as /configz.
std::string to_configz(const Configuration& configuration);

// docs/configuration.md: every key and flag with type, range, default and meaning.
std::string configuration_reference();

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_CONFIG_TEXT_H_
