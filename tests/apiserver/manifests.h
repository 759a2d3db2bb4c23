#ifndef IPVS_AGENT_TESTS_APISERVER_MANIFESTS_H_
#define IPVS_AGENT_TESTS_APISERVER_MANIFESTS_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace apiserver {

// The objects in a manifest: YAML (several documents) or JSON; a List is taken apart. Namespaced
// objects without a namespace get "default". Throws std::runtime_error naming the file.
std::vector<nlohmann::json> read_manifest(const std::string& path);
// Those of every *.yaml, *.yml and *.json in a folder, in the order of the file names.
std::vector<nlohmann::json> read_manifests(const std::string& folder);

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_MANIFESTS_H_
