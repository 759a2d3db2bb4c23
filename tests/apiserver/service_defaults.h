#ifndef IPVS_AGENT_TESTS_APISERVER_SERVICE_DEFAULTS_H_
#define IPVS_AGENT_TESTS_APISERVER_SERVICE_DEFAULTS_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tests/apiserver/object_store.h"

namespace apiserver {

// Fills in what the real server fills in when an object is written: a Service's cluster address (of
// 10.96.0.0/12, one that no other Service has), families, policies and protocols; the protocols and
// names of an EndpointSlice's ports. What is there already stays.
void set_defaults(const ResourceType& type, nlohmann::json& object, const ObjectStore& store);

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_SERVICE_DEFAULTS_H_
