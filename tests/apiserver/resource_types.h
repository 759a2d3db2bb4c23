#ifndef IPVS_AGENT_TESTS_APISERVER_RESOURCE_TYPES_H_
#define IPVS_AGENT_TESTS_APISERVER_RESOURCE_TYPES_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace apiserver {

// A kind of object the server keeps. There is one instance of each, so that addresses compare.
struct ResourceType {
  std::string group;  // "" for the core group
  std::string version;
  std::string plural;
  std::string kind;
  bool namespaced = true;
  std::string short_name;

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
};

std::span<const ResourceType> resource_types();
// The type of objects with this apiVersion and kind; nullptr where it is not kept here.
const ResourceType* find_kind(std::string_view api_version, std::string_view kind);

// What a path such as /apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME names.
struct ResourcePath {
  std::string group;
  std::string version;
  std::string space;   // "": all namespaces, or cluster-scoped
  std::string plural;  // "": the path ends at the version
  std::string name;    // "": the collection
  std::string subresource;
  const ResourceType* type = nullptr;  // nullptr where no such resource is kept
};

// nullopt when the path is not of that form.
std::optional<ResourcePath> parse_resource_path(std::string_view path);

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_RESOURCE_TYPES_H_
