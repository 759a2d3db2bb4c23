#include "tests/apiserver/service_defaults.h"

#include <nlohmann/json.hpp>
#include <set>

namespace apiserver {
namespace {

using Json = nlohmann::json;

void set_if_absent(Json& object, const char* name, Json value) {
  if (!object.contains(name)) object[name] = std::move(value);
}

std::string free_cluster_ip(const ObjectStore& store, const ResourceType& services) {
  std::set<std::string> used;
  for (const ObjectPtr& object : store.list(services).objects) {
    if (auto ip = object->fields.find("spec.clusterIP"); ip != object->fields.end()) {
      used.insert(ip->second);
    }
  }
  // 10.96.0.1 is for default/kubernetes, 10.96.0.10 by custom for DNS.
  for (unsigned host = 100;; ++host) {
    std::string ip = "10." + std::to_string(96 + (host >> 16)) + "." +
                     std::to_string(host >> 8 & 255) + "." + std::to_string(host & 255);
    if (!used.contains(ip)) return ip;
  }
}

void set_service_defaults(const ResourceType& type, Json& service, const ObjectStore& store) {
  Json& spec = service["spec"];
  set_if_absent(spec, "type", "ClusterIP");
  set_if_absent(spec, "sessionAffinity", "None");
  if (spec["sessionAffinity"] == "ClientIP") {
    set_if_absent(spec, "sessionAffinityConfig", {{"clientIP", {{"timeoutSeconds", 10800}}}});
  }
  if (spec.contains("ports") && spec["ports"].is_array()) {
    for (Json& port : spec["ports"]) {
      set_if_absent(port, "protocol", "TCP");
      if (port.contains("port")) set_if_absent(port, "targetPort", port["port"]);
    }
  }
  if (spec["type"] == "ExternalName") return;
  set_if_absent(spec, "internalTrafficPolicy", "Cluster");
  set_if_absent(spec, "clusterIP", "");
  if (spec["clusterIP"] == "") spec["clusterIP"] = free_cluster_ip(store, type);
  std::string ip = spec["clusterIP"];
  set_if_absent(spec, "clusterIPs", Json::array({ip}));
  bool v6 = ip.find(':') != std::string::npos;
  set_if_absent(spec, "ipFamilies", Json::array({v6 ? "IPv6" : "IPv4"}));
  set_if_absent(spec, "ipFamilyPolicy", "SingleStack");
  set_if_absent(service, "status", {{"loadBalancer", Json::object()}});
}

}  // namespace

void set_defaults(const ResourceType& type, Json& object, const ObjectStore& store) {
  if (type.kind == "Service" && object.contains("spec") && object["spec"].is_object()) {
    set_service_defaults(type, object, store);
  }
  if (type.kind == "EndpointSlice" && object.contains("ports") && object["ports"].is_array()) {
    for (Json& port : object["ports"]) {
      set_if_absent(port, "name", "");
      set_if_absent(port, "protocol", "TCP");
    }
  }
}

}  // namespace apiserver
