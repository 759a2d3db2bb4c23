#include "tests/apiserver/manifests.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tests/apiserver/resource_types.h"

namespace apiserver {
namespace {

using Json = nlohmann::json;

Json scalar(const YAML::Node& node) {
  constexpr char kQuoted[] = "!";  // yaml-cpp's tag of a quoted scalar
  const std::string& text = node.Scalar();
  if (node.Tag() == kQuoted) return text;
  if (text == "true" || text == "false") return text == "true";
  std::int64_t number = 0;
  if (YAML::convert<std::int64_t>::decode(node, number)) return number;
  return text;
}

Json json_of(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Scalar: return scalar(node);
    case YAML::NodeType::Sequence: {
      Json list = Json::array();
      for (const YAML::Node& item : node) list.push_back(json_of(item));
      return list;
    }
    case YAML::NodeType::Map: {
      Json map = Json::object();
      for (const auto& member : node) map[member.first.Scalar()] = json_of(member.second);
      return map;
    }
    default: return nullptr;
  }
}

void take(Json object, std::vector<Json>& objects) {
  if (!object.is_object()) return;
  if (object.contains("items")) {
    for (const Json& item : object["items"]) take(item, objects);
    return;
  }
  const ResourceType* type = find_kind(object.value("apiVersion", ""), object.value("kind", ""));
  if (type != nullptr && type->namespaced && !object["metadata"].contains("namespace")) {
    object["metadata"]["namespace"] = "default";
  }
  objects.push_back(std::move(object));
}

}  // namespace

std::vector<Json> read_manifest(const std::string& path) {
  std::vector<Json> objects;
  try {
    for (const YAML::Node& document : YAML::LoadAllFromFile(path)) {
      take(json_of(document), objects);
    }
  } catch (const YAML::Exception& error) {
    throw std::runtime_error(path + ": " + error.what());
  }
  return objects;
}

std::vector<Json> read_manifests(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::string extension = entry.path().extension().string();
    if (extension == ".yaml" || extension == ".yml" || extension == ".json") {
      paths.push_back(entry.path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Json> objects;
  for (const std::string& path : paths) {
    for (Json& object : read_manifest(path)) objects.push_back(std::move(object));
  }
  return objects;
}

}  // namespace apiserver
