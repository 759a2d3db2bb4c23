#include "tests/cluster/manifests.h"

#include <nlohmann/json.hpp>

namespace cluster {
namespace {

using nlohmann::json;

json metadata(const std::string& name, const Labels& labels) {
  json result{{"name", name}};
  if (!labels.empty()) result["labels"] = labels;
  return result;
}

void set_if(json& object, const char* key, const std::string& value) {
  if (!value.empty()) object[key] = value;
}

json address_list(const char* type, const std::vector<std::string>& addresses) {
  json result = json::array();
  for (const std::string& address : addresses) {
    result.push_back({{"type", type}, {"address", address}});
  }
  return result;
}

json condition(const char* type, bool value) {
  return {{"type", type}, {"status", value ? "True" : "False"}};
}

}  // namespace

std::string ServiceManifest::json() const {
  nlohmann::json spec;
  for (const ServicePortManifest& port : ports) {
    nlohmann::json entry{{"port", port.port},
                         {"targetPort", port.target_port},
                         {"protocol", base::to_string(port.protocol)}};
    set_if(entry, "name", port.name);
    spec["ports"].push_back(std::move(entry));
  }
  if (!selector.empty()) spec["selector"] = selector;
  set_if(spec, "clusterIP", cluster_ip);
  set_if(spec, "ipFamilyPolicy", ip_family_policy);
  set_if(spec, "internalTrafficPolicy", internal_traffic_policy);
  if (!families.empty()) spec["ipFamilies"] = families;
  if (affinity_seconds > 0) {
    spec["sessionAffinity"] = "ClientIP";
    spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"] = affinity_seconds;
  }
  return nlohmann::json{{"apiVersion", "v1"},
                        {"kind", "Service"},
                        {"metadata", metadata(name, labels)},
                        {"spec", std::move(spec)}}
      .dump();
}

std::string EndpointSliceManifest::json() const {
  Labels all = labels;
  if (!service.empty()) all["kubernetes.io/service-name"] = service;
  nlohmann::json result{{"apiVersion", "discovery.k8s.io/v1"},  {"kind", "EndpointSlice"},
                        {"metadata", metadata(name, all)},      {"addressType", address_type},
                        {"endpoints", nlohmann::json::array()}, {"ports", nlohmann::json::array()}};
  for (const EndpointManifest& endpoint : endpoints) {
    nlohmann::json entry{{"addresses", {endpoint.address}},
                         {"conditions",
                          {{"ready", endpoint.ready},
                           {"serving", endpoint.serving},
                           {"terminating", endpoint.terminating}}}};
    set_if(entry, "nodeName", endpoint.node);
    set_if(entry, "zone", endpoint.zone);
    result["endpoints"].push_back(std::move(entry));
  }
  for (const SlicePortManifest& port : ports) {
    result["ports"].push_back(
        {{"name", port.name}, {"port", port.port}, {"protocol", base::to_string(port.protocol)}});
  }
  return result.dump();
}

std::string PodManifest::json() const {
  nlohmann::json spec{{"containers", {{{"name", "server"}, {"image", "none"}}}}};
  set_if(spec, "nodeName", node);
  return nlohmann::json{{"apiVersion", "v1"},
                        {"kind", "Pod"},
                        {"metadata", metadata(name, labels)},
                        {"spec", std::move(spec)}}
      .dump();
}

std::string PodManifest::status_patch() const {
  nlohmann::json status{{"phase", "Running"}, {"conditions", {condition("Ready", ready)}}};
  if (!addresses.empty()) status["podIP"] = addresses.front();
  for (const std::string& address : addresses) status["podIPs"].push_back({{"ip", address}});
  return nlohmann::json{{"status", std::move(status)}}.dump();
}

std::string NodeManifest::json() const {
  nlohmann::json spec = nlohmann::json::object();
  if (!pod_cidrs.empty()) {
    spec["podCIDR"] = pod_cidrs.front();
    spec["podCIDRs"] = pod_cidrs;
  }
  return nlohmann::json{{"apiVersion", "v1"},
                        {"kind", "Node"},
                        {"metadata", metadata(name, labels)},
                        {"spec", std::move(spec)}}
      .dump();
}

std::string NodeManifest::status_patch() const {
  return nlohmann::json{{"status",
                         {{"addresses", address_list("InternalIP", addresses)},
                          {"conditions", {condition("Ready", true)}}}}}
      .dump();
}

std::string namespace_json(const std::string& name) {
  return json{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}}.dump();
}

}  // namespace cluster
