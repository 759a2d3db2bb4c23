#include "tests/kernel/cluster_objects.h"

#include <nlohmann/json.hpp>

namespace kernel_test {

using Json = nlohmann::json;

base::IpAddress ip(std::string_view text) { return base::IpAddress::parse(text).value(); }

Json make_service(const std::string& name, const std::vector<base::IpAddress>& ips,
                  const std::vector<ServicePort>& ports) {
  Json json_ports = Json::array();
  for (const ServicePort& port : ports) {
    json_ports.push_back({{"name", port.name},
                          {"protocol", base::to_string(port.protocol)},
                          {"port", port.port},
                          {"targetPort", port.target}});
  }
  Json addresses = Json::array();
  Json families = Json::array();
  for (const base::IpAddress& address : ips) {
    addresses.push_back(address.to_string());
    families.push_back(base::to_string(address.family()));
  }
  return {{"kind", "Service"},
          {"apiVersion", "v1"},
          {"metadata", {{"name", name}, {"namespace", "default"}}},
          {"spec",
           {{"ports", json_ports},
            {"clusterIP", addresses.at(0)},
            {"clusterIPs", addresses},
            {"ipFamilies", families},
            {"type", "ClusterIP"},
            {"sessionAffinity", "None"},
            {"internalTrafficPolicy", "Cluster"}}}};
}

Json make_slice(const std::string& service, const std::string& suffix,
                const std::vector<ServicePort>& ports, const std::vector<Endpoint>& endpoints) {
  Json json_ports = Json::array();
  for (const ServicePort& port : ports) {
    json_ports.push_back(
        {{"name", port.name}, {"protocol", base::to_string(port.protocol)}, {"port", port.target}});
  }
  Json json_endpoints = Json::array();
  for (const Endpoint& endpoint : endpoints) {
    json_endpoints.push_back(
        {{"addresses", {endpoint.address.to_string()}},
         {"conditions",
          {{"ready", endpoint.ready}, {"serving", endpoint.ready}, {"terminating", false}}},
         {"nodeName", endpoint.node}});
  }
  bool v6 = !endpoints.empty() && !endpoints.front().address.is_ipv4();
  return {{"kind", "EndpointSlice"},
          {"apiVersion", "discovery.k8s.io/v1"},
          {"metadata",
           {{"name", service + "-" + suffix},
            {"namespace", "default"},
            {"labels", {{"kubernetes.io/service-name", service}}}}},
          {"addressType", v6 ? "IPv6" : "IPv4"},
          {"endpoints", json_endpoints},
          {"ports", json_ports}};
}

}  // namespace kernel_test
