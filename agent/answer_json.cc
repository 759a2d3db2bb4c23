#include "agent/answer_json.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "agent/answer_words.h"

namespace agent {
namespace {

// Members stay in the order in which they are written.
using Json = nlohmann::ordered_json;

// Texts of the API may hold anything.
std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::int64_t seconds(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

Json texts(const std::vector<std::string>& list) {
  Json array = Json::array();
  for (const std::string& text : list) array.push_back(text);
  return array;
}

Json agent_json(const AgentStatus& agent, const HealthState& health, const Moment& moment) {
  Json json;
  json["version"] = IPVS_AGENT_VERSION;
  json["node"] = agent.node;
  json["state"] = state_of(agent, health, moment);
  json["lastSync"] = nullptr;
  for (const FamilyHealth& family : health.families) {
    if (family.last_updated) json["lastSync"] = to_rfc3339(*family.last_updated);
  }
  json["services"] = agent.services;
  json["virtualServers"] = agent.virtual_servers;
  json["realServers"] = agent.real_servers;
  json["drains"] = agent.drains;
  json["foreignVirtualServers"] = agent.foreign_virtual_servers;
  json["servicesWaiting"] = agent.services_waiting;
  json["retries"] = agent.retries;
  std::vector<std::string> problems = health.faults;
  problems.insert(problems.end(), health.warnings.begin(), health.warnings.end());
  json["problems"] = texts(problems);
  return json;
}

Json real_server_json(const RealServerStatus& real) {
  Json json;
  json["address"] = real.server.key.address.to_string();
  json["port"] = real.server.key.port;
  json["weight"] = real.server.weight;
  json["activeConnections"] = real.active_connections;
  json["inactiveConnections"] = real.inactive_connections;
  json["state"] = state_of(real);
  if (real.drain) {
    json["drainSeconds"] = seconds(real.drain->lasts);
    if (real.drain->left) json["drainSecondsLeft"] = seconds(*real.drain->left);
  }
  return json;
}

Json virtual_server_json(const VirtualServerStatus& server) {
  const ipvs::VirtualServer& planned = server.planned.server;
  const ipvs::VirtualServerKey& address = address_of(server);
  Json json;
  json["address"] = address.address.to_string();
  json["port"] = address.port;
  json["protocol"] = base::to_string(server.planned.protocol);
  json["kind"] = to_string(server.planned.kind);
  if (planned.key.firewall_mark != 0) {
    json["firewallMark"] = planned.key.firewall_mark;
    json["clients"] = "inside";
  }
  json["scheduler"] = planned.scheduler;
  if (planned.timeout_s != 0) json["persistenceSeconds"] = planned.timeout_s;
  json["state"] = state_of(server);
  if (!server.taken_by.name.empty()) json["takenBy"] = watchers::to_string(server.taken_by);
  if (!server.failure.empty()) json["failure"] = server.failure;
  json["realServers"] = Json::array();
  for (const RealServerStatus& real : server.real_servers) {
    json["realServers"].push_back(real_server_json(real));
  }
  return json;
}

Json service_json(const ServiceStatus& service) {
  Json json;
  json["namespace"] = service.key.space;
  json["name"] = service.key.name;
  json["type"] = to_string(service.type);
  if (service.headless) json["headless"] = true;
  if (service.waits) json["waitsSeconds"] = seconds(*service.waits);
  json["problems"] = texts(service.problems);
  json["virtualServers"] = Json::array();
  for (const VirtualServerStatus& server : service.virtual_servers) {
    json["virtualServers"].push_back(virtual_server_json(server));
  }
  return json;
}

Json endpoint_json(const ExplainedEndpoint& endpoint) {
  Json json;
  json["address"] = endpoint.address.to_string();
  json["port"] = endpoint.port;
  json["slice"] = endpoint.slice;
  json["node"] = endpoint.node;
  json["used"] = endpoint.used;
  json["why"] = endpoint.why;
  return json;
}

Json choice_json(const ipvs::ForetoldChoice& choice) {
  Json json;
  json["server"] = nullptr;
  if (choice.server) {
    json["server"] = {{"address", choice.server->address.to_string()},
                      {"port", choice.server->port}};
  }
  json["why"] = choice.why;
  if (choice.session_left) json["sessionSeconds"] = choice.session_left->count();
  return json;
}

}  // namespace

std::string status_json(const StatusPage& page, const HealthState& health, const Moment& moment) {
  Json json;
  json["agent"] = agent_json(page.agent, health, moment);
  json["services"] = Json::array();
  for (const ServiceStatus& service : page.services) {
    json["services"].push_back(service_json(service));
  }
  if (page.next) json["next"] = watchers::to_string(*page.next);
  return dump(json);
}

std::string explanation_json(const Explanation& explanation, const Moment& moment) {
  const PlannedFrom& from = explanation.from;
  Json json = service_json(from.status);
  json.erase("virtualServers");
  json["resourceVersion"] = from.service->resource_version;
  json["inKernelSince"] = nullptr;
  if (from.applied) json["inKernelSince"] = to_rfc3339(moment.wall - *from.applied);
  if (!explanation.not_served.empty()) json["notServed"] = explanation.not_served;
  json["slices"] = Json::array();
  for (const auto& slice : from.slices) {
    Json item;
    item["name"] = slice->key.name;
    item["resourceVersion"] = slice->resource_version;
    if (slice->trigger_time) item["lastChange"] = to_rfc3339(*slice->trigger_time);
    item["problems"] = texts(slice->problems);
    json["slices"].push_back(std::move(item));
  }
  json["virtualServers"] = Json::array();
  for (const ExplainedVirtualServer& server : explanation.virtual_servers) {
    Json item = virtual_server_json(server.status);
    item["notes"] = texts(server.notes);
    item["endpoints"] = Json::array();
    for (const ExplainedEndpoint& endpoint : server.endpoints) {
      item["endpoints"].push_back(endpoint_json(endpoint));
    }
    if (server.choice) item["choice"] = choice_json(*server.choice);
    json["virtualServers"].push_back(std::move(item));
  }
  json["unusedEndpoints"] = Json::array();
  for (const ExplainedEndpoint& endpoint : explanation.unused) {
    json["unusedEndpoints"].push_back(endpoint_json(endpoint));
  }
  return dump(json);
}

std::string plan_json(const HostScan& scan) {
  Json json;
  json["started"] = scan.started;
  json["servicesWaiting"] = scan.services_waiting;
  json["commands"] = texts(scan.commands);
  json["unread"] = texts(scan.unread);
  return dump(json);
}

std::string audit_json(const HostScan& scan) {
  Json json;
  json["started"] = scan.started;
  json["servicesWaiting"] = scan.services_waiting;
  json["virtualServers"] = scan.virtual_servers;
  json["sets"] = scan.sets;
  json["differences"] = Json::array();
  for (const Difference& difference : scan.differences) {
    Json item;
    item["what"] = difference.what;
    item["found"] = difference.found;
    item["commands"] = texts(difference.commands);
    json["differences"].push_back(std::move(item));
  }
  json["foreign"] = Json::array();
  for (const ipvs::VirtualServerState& state : scan.foreign) {
    Json item;
    item["virtualServer"] = ipvs::to_string(state.server.key);
    item["scheduler"] = state.server.scheduler;
    json["foreign"].push_back(std::move(item));
  }
  json["unread"] = texts(scan.unread);
  return dump(json);
}

std::string drain_json(const std::vector<OrderStatus>& orders) {
  Json json;
  json["orders"] = Json::array();
  for (const OrderStatus& status : orders) {
    Json order;
    order["target"] = to_string(status.order);
    order["realServers"] = Json::array();
    for (const OrderedServer& server : status.servers) {
      Json item = real_server_json(server.real_server);
      item["service"] = watchers::to_string(server.service);
      item["virtualServer"] = ipvs::to_string(server.virtual_server);
      item["alone"] = server.alone;
      order["realServers"].push_back(std::move(item));
    }
    order["notShown"] = status.not_shown;
    json["orders"].push_back(std::move(order));
  }
  return dump(json);
}

std::string error_json(const std::string& message) {
  Json json;
  json["error"] = message;
  return dump(json);
}

}  // namespace agent
