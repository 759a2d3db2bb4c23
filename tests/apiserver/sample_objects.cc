#include "tests/apiserver/sample_objects.h"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace apiserver {
namespace {

using Json = nlohmann::json;

constexpr int kMostInASlice = 100;

Json slice(const std::string& space, const std::string& service, int number,
           const std::vector<std::string>& addresses, int port) {
  Json endpoints = Json::array();
  bool v6 = false;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    v6 = v6 || addresses[i].find(':') != std::string::npos;
    endpoints.push_back(
        {{"addresses", {addresses[i]}},
         {"conditions", {{"ready", true}, {"serving", true}, {"terminating", false}}},
         {"nodeName", "node-" + std::to_string(i % 3)},
         {"targetRef",
          {{"kind", "Pod"}, {"namespace", space}, {"name", service + "-" + std::to_string(i)}}},
         {"zone", "zone-a"}});
  }
  return {{"kind", "EndpointSlice"},
          {"apiVersion", "discovery.k8s.io/v1"},
          {"metadata",
           {{"name", service + "-" + std::to_string(number)},
            {"namespace", space},
            {"labels",
             {{"endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io"},
              {"kubernetes.io/service-name", service}}}}},
          {"addressType", v6 ? "IPv6" : "IPv4"},
          {"endpoints", endpoints},
          {"ports", {{{"name", ""}, {"port", port}, {"protocol", "TCP"}}}}};
}

const ResourceType& type_of(const char* api_version, const char* kind) {
  return *find_kind(api_version, kind);
}

}  // namespace

Json make_service(const std::string& space, const std::string& name, const std::string& cluster_ip,
                  int port) {
  bool v6 = cluster_ip.find(':') != std::string::npos;
  return {{"kind", "Service"},
          {"apiVersion", "v1"},
          {"metadata", {{"name", name}, {"namespace", space}, {"labels", {{"app", name}}}}},
          {"spec",
           {{"ports", {{{"protocol", "TCP"}, {"port", port}, {"targetPort", 8080}}}},
            {"selector", {{"app", name}}},
            {"clusterIP", cluster_ip},
            {"clusterIPs", {cluster_ip}},
            {"type", "ClusterIP"},
            {"sessionAffinity", "None"},
            {"ipFamilies", {v6 ? "IPv6" : "IPv4"}},
            {"ipFamilyPolicy", "SingleStack"},
            {"internalTrafficPolicy", "Cluster"}}},
          {"status", {{"loadBalancer", Json::object()}}}};
}

Json make_endpoint_slice(const std::string& space, const std::string& service,
                         const std::vector<std::string>& addresses, int port) {
  return slice(space, service, 1, addresses, port);
}

Json make_endpoints(const std::string& space, const std::string& service,
                    const std::vector<std::string>& addresses, int port) {
  Json list = Json::array();
  for (const std::string& address : addresses) {
    list.push_back({{"ip", address}, {"nodeName", "node-0"}});
  }
  Json subset = {{"addresses", list}, {"ports", {{{"port", port}, {"protocol", "TCP"}}}}};
  return {{"kind", "Endpoints"},
          {"apiVersion", "v1"},
          {"metadata", {{"name", service}, {"namespace", space}}},
          {"subsets", Json::array({subset})}};
}

Json make_node(const std::string& name, const std::string& address) {
  return {
      {"kind", "Node"},
      {"apiVersion", "v1"},
      {"metadata",
       {{"name", name},
        {"labels", {{"kubernetes.io/hostname", name}, {"topology.kubernetes.io/zone", "zone-a"}}}}},
      {"spec", {{"podCIDR", "10.128.0.0/24"}, {"podCIDRs", {"10.128.0.0/24"}}}},
      {"status",
       {{"addresses",
         {{{"type", "InternalIP"}, {"address", address}},
          {{"type", "Hostname"}, {"address", name}}}}}}};
}

void load_bulk(ObjectStore& store, int services, int endpoints) {
  auto put = [&](const ResourceType& type, Json object) {
    auto stored = store.put(type, std::move(object));
    if (!stored) throw std::runtime_error(stored.status().message());
  };
  int host = 0;
  for (int i = 0; i < services; ++i) {
    std::string space = "bulk-" + std::to_string(i % 10);
    std::string name = "service-" + std::to_string(i);
    std::string ip = "10." + std::to_string(100 + i / 65536) + "." + std::to_string(i / 256 % 256) +
                     "." + std::to_string(i % 256);
    put(type_of("v1", "Service"), make_service(space, name, ip));
    std::vector<std::string> addresses;
    for (int sent = 0, number = 1; sent < endpoints; ++number) {
      int count = std::min(endpoints - sent, kMostInASlice);
      addresses.clear();
      for (int k = 0; k < count; ++k, ++host) {
        addresses.push_back("10." + std::to_string(128 + host / 65536 % 128) + "." +
                            std::to_string(host / 256 % 256) + "." + std::to_string(host % 256));
      }
      put(type_of("discovery.k8s.io/v1", "EndpointSlice"),
          slice(space, name, number, addresses, 8080));
      sent += count;
    }
  }
}

}  // namespace apiserver
