#ifndef IPVS_AGENT_AGENT_CONFIG_FILE_H_
#define IPVS_AGENT_AGENT_CONFIG_FILE_H_

#include <map>
#include <string>
#include <vector>

#include "agent/configuration.h"
#include "base/result.h"

namespace agent {

// Where a value comes from; what is in no map of origins is a default.
enum class Origin { kFile, kFlag };

// A configuration and what there is to say about how it came to be.
struct LoadedConfiguration {
  Configuration configuration;
  std::map<std::string, Origin> origins;  // by key path ("ipvs.scheduler")
  std::vector<std::string> warnings;      // probably a mistake: unknown and repeated keys
  std::vector<std::string> notices;       // good to know: keys that do nothing here
};

// Reads a KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1), YAML or JSON. `name` is what
// messages call the file. Unknown keys are warnings.
// Errors: kInvalidArgument with every mistake in the file, one a line, each with file, line, key,
// what was found and what is allowed.
base::Result<LoadedConfiguration> parse_config(const std::string& text, const std::string& name);

// The same from a file. Errors: also those of reading it.
base::Result<LoadedConfiguration> read_config_file(const std::string& path);

// The defaults that follow from other values: server addresses of bindAddress's family.
void fill_dependent_defaults(LoadedConfiguration& loaded);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_CONFIG_FILE_H_
