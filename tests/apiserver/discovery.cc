#include "tests/apiserver/discovery.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/apiserver/resource_types.h"

namespace apiserver {
namespace {

using Json = nlohmann::ordered_json;

HttpResponse page(const Json& document) {
  HttpResponse response;
  response.body = document.dump() + "\n";
  return response;
}

Json group_document(const std::string& group) {
  Json version = {{"groupVersion", group + "/v1"}, {"version", "v1"}};
  return {{"name", group}, {"versions", Json::array({version})}, {"preferredVersion", version}};
}

Json resource_list(const std::string& group) {
  Json resources = Json::array();
  for (const ResourceType& type : resource_types()) {
    if (type.group != group) continue;
    Json resource = {{"name", type.plural},
                     {"singularName", ""},
                     {"namespaced", type.namespaced},
                     {"kind", type.kind},
                     {"verbs", {"create", "delete", "get", "list", "patch", "update", "watch"}}};
    if (!type.short_name.empty()) resource["shortNames"] = {type.short_name};
    resources.push_back(resource);
  }
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", group.empty() ? "v1" : group + "/v1"},
          {"resources", resources}};
}

}  // namespace

std::optional<HttpResponse> public_page(const std::string& path) {
  if (path == "/healthz" || path == "/livez" || path == "/readyz") {
    return HttpResponse{200, "text/plain; charset=utf-8", {}, "ok"};
  }
  if (path == "/version") {
    return page({{"major", "1"},
                 {"minor", "34"},
                 {"gitVersion", "v1.34.0-test-apiserver"},
                 {"platform", "linux/amd64"}});
  }
  return std::nullopt;
}

std::optional<HttpResponse> discovery_page(const std::string& path, bool endpoint_slices) {
  if (path == "/api" || path == "/api/") {
    return page({{"kind", "APIVersions"},
                 {"versions", {"v1"}},
                 {"serverAddressByClientCIDRs", Json::array()}});
  }
  std::set<std::string> groups;
  for (const ResourceType& type : resource_types()) {
    bool hidden = type.group == "discovery.k8s.io" && !endpoint_slices;
    if (!type.group.empty() && !hidden) groups.insert(type.group);
  }
  if (path == "/apis" || path == "/apis/") {
    Json list = Json::array();
    for (const std::string& group : groups) list.push_back(group_document(group));
    return page({{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", list}});
  }
  if (path == "/api/v1" || path == "/api/v1/") return page(resource_list(""));
  for (const std::string& group : groups) {
    if (path == "/apis/" + group) {
      Json document = {{"kind", "APIGroup"}, {"apiVersion", "v1"}};
      document.update(group_document(group));
      return page(document);
    }
    if (path == "/apis/" + group + "/v1") return page(resource_list(group));
  }
  return std::nullopt;
}

bool has_group(const std::string& group, const std::string& version) {
  auto types = resource_types();
  return std::any_of(types.begin(), types.end(), [&](const ResourceType& type) {
    return type.group == group && type.version == version;
  });
}

}  // namespace apiserver
