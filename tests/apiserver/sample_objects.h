#ifndef IPVS_AGENT_TESTS_APISERVER_SAMPLE_OBJECTS_H_
#define IPVS_AGENT_TESTS_APISERVER_SAMPLE_OBJECTS_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tests/apiserver/object_store.h"

namespace apiserver {

// A ClusterIP Service with one TCP port, as the real server would return it.
nlohmann::json make_service(const std::string& space, const std::string& name,
                            const std::string& cluster_ip, int port = 80);
// An EndpointSlice NAME-1 of that Service with ready endpoints, as the real controller makes it.
nlohmann::json make_endpoint_slice(const std::string& space, const std::string& service,
                                   const std::vector<std::string>& addresses, int port = 8080);
// The Endpoints object of that Service.
nlohmann::json make_endpoints(const std::string& space, const std::string& service,
                              const std::vector<std::string>& addresses, int port = 8080);
nlohmann::json make_node(const std::string& name, const std::string& address);

// Puts `services` Services (10.96.x.y, namespaces bulk-0 to bulk-9) of `endpoints` endpoints
// (10.128.0.0/9) into the store, with their EndpointSlices (100 endpoints each at most).
void load_bulk(ObjectStore& store, int services, int endpoints);

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_SAMPLE_OBJECTS_H_
