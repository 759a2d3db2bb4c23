#include "agent/config_answer.h"

#include <nlohmann/json.hpp>

#include "agent/config_codec.h"
#include "agent/config_keys.h"

namespace agent {
namespace {

const char* origin_text(const std::map<std::string, Origin>& origins, const std::string& path) {
  auto origin = origins.find(path);
  if (origin == origins.end()) return "default";
  return origin->second == Origin::kFile ? "file" : "flag";
}

}  // namespace

std::string configuration_json(const Configuration& configuration,
                               const std::map<std::string, Origin>& origins) {
  nlohmann::ordered_json json;
  json["values"] = nlohmann::ordered_json::array();
  for (const ConfigKey& key : config_keys()) {
    if (key.path.empty() || !key.load) continue;
    nlohmann::ordered_json item;
    item["key"] = key.path;
    item["value"] = shown(key.load(configuration));
    item["origin"] = origin_text(origins, key.path);
    json["values"].push_back(std::move(item));
  }
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace agent
