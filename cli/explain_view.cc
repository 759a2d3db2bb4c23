#include <nlohmann/json.hpp>

#include "cli/json_views.h"

namespace cli {
namespace {

using nlohmann::json;

std::string text(const json& item, const char* name) {
  auto place = item.find(name);
  return place != item.end() && place->is_string() ? place->get<std::string>() : "";
}

std::string number(const json& item, const char* name) {
  auto place = item.find(name);
  return place != item.end() && place->is_number() ? place->dump() : "";
}

const json& list(const json& item, const char* name) {
  static const json kEmpty = json::array();
  auto place = item.find(name);
  return place != item.end() && place->is_array() ? *place : kEmpty;
}

bool flag(const json& item, const char* name) { return item.value(name, false); }

// The real server of an endpoint; null where there is none.
const json* real_server_of(const json& server, const json& endpoint) {
  for (const json& real : list(server, "realServers")) {
    if (text(real, "address") == text(endpoint, "address") &&
        number(real, "port") == number(endpoint, "port")) {
      return &real;
    }
  }
  return nullptr;
}

Table endpoint_table() {
  Table table;
  table.columns = {{.title = "  ENDPOINT"},
                   {.title = "USED"},
                   {.title = "WHY", .least = 9},
                   {.title = "WEIGHT", .expendable = 1, .right = true},
                   {.title = "ACTIVE", .expendable = 2, .right = true},
                   {.title = "INACTIVE", .expendable = 3, .right = true},
                   {.title = "NODE", .least = 5, .expendable = 4},
                   {.title = "SLICE", .least = 5, .expendable = 5}};
  return table;
}

void add_row(const json& endpoint, const std::string& why, const json* real, Table& table) {
  bool used = flag(endpoint, "used");
  std::string state = real == nullptr ? "" : text(*real, "state");
  std::string reason = why;
  if (used && real == nullptr) reason += "; not in the kernel";
  if (!state.empty() && state != "ok") reason += (reason.empty() ? "" : "; ") + state;
  table.rows.push_back({{"  " + address_text(endpoint)},
                        {used ? "yes" : "no", used ? Tone::kGood : Tone::kWarning},
                        {reason},
                        {real == nullptr ? "" : number(*real, "weight")},
                        {real == nullptr ? "" : number(*real, "activeConnections")},
                        {real == nullptr ? "" : number(*real, "inactiveConnections")},
                        {text(endpoint, "node")},
                        {text(endpoint, "slice")}});
}

// What the client gets that was asked about; "" where none was.
std::string choice_text(const json& server) {
  auto choice = server.find("choice");
  if (choice == server.end() || !choice->is_object()) return "";
  std::string result = "  the client: ";
  auto chosen = choice->find("server");
  if (chosen != choice->end() && chosen->is_object()) result += address_text(*chosen) + ", ";
  return result + text(*choice, "why") + "\n";
}

std::string virtual_server_text(const json& server, const Look& look) {
  std::string result =
      "\n" + text(server, "protocol") + " " + address_text(server) + " (" + text(server, "kind");
  if (text(server, "clients") == "inside") {
    result += ", for clients inside the cluster: firewall mark " + number(server, "firewallMark");
  }
  result += "), scheduler " + text(server, "scheduler");
  if (server.contains("persistenceSeconds")) {
    result +=
        ", clients stay with their real server for " + number(server, "persistenceSeconds") + " s";
  }
  std::string state = text(server, "state");
  if (state == "taken") {
    return result + ": belongs to " + text(server, "takenBy") +
           ", whose claim goes before (ClusterIP, load balancer, external IP, node port; then by "
           "name)\n";
  }
  result += state == "ok" ? "\n" : ": " + state + "\n";
  if (std::string failure = text(server, "failure"); !failure.empty()) {
    result += "  last try: " + failure + "\n";
  }
  for (const json& note : list(server, "notes")) {
    if (note.is_string()) result += "  " + note.get<std::string>() + "\n";
  }
  result += choice_text(server);
  Table table = endpoint_table();
  for (const json& endpoint : list(server, "endpoints")) {
    bool used = flag(endpoint, "used");
    add_row(endpoint, text(endpoint, "why"), used ? real_server_of(server, endpoint) : nullptr,
            table);
  }
  for (const json& real : list(server, "realServers")) {
    bool named = false;
    for (const json& endpoint : list(server, "endpoints")) {
      named = named || (flag(endpoint, "used") && real_server_of(server, endpoint) == &real);
    }
    if (!named) add_row(real, "no endpoint any more", &real, table);
  }
  if (table.rows.empty()) return result + "  no endpoints\n";
  return result + table.to_text(look.width, look.colours);
}

}  // namespace

std::string explain_text(const json& explanation, const Look& look) {
  std::string result = text(explanation, "namespace") + "/" + text(explanation, "name") + ", " +
                       text(explanation, "type") + ", version " +
                       text(explanation, "resourceVersion") + "\n";
  std::string since = text(explanation, "inKernelSince");
  if (!since.empty()) result += "  in the kernel since " + since + "\n";
  if (explanation.contains("waitsSeconds")) {
    result += "  a change waits for its round for " + number(explanation, "waitsSeconds") + " s\n";
  }
  for (const json& slice : list(explanation, "slices")) {
    result += "  slice " + text(slice, "name") + ", version " + text(slice, "resourceVersion");
    std::string change = text(slice, "lastChange");
    result += (change.empty() ? "" : ", of " + change) + "\n";
    for (const json& problem : list(slice, "problems")) {
      result += "    problem: " + problem.get<std::string>() + "\n";
    }
  }
  for (const json& problem : list(explanation, "problems")) {
    result += "  problem: " + problem.get<std::string>() + "\n";
  }
  if (std::string why = text(explanation, "notServed"); !why.empty()) {
    return result + "\nnothing is made of it: " + why + "\n";
  }
  for (const json& server : list(explanation, "virtualServers")) {
    result += virtual_server_text(server, look);
  }
  if (!list(explanation, "unusedEndpoints").empty()) {
    result += "\nof no address:\n";
    Table table = endpoint_table();
    for (const json& endpoint : list(explanation, "unusedEndpoints")) {
      add_row(endpoint, text(endpoint, "why"), nullptr, table);
    }
    result += table.to_text(look.width, look.colours);
  }
  return result;
}

}  // namespace cli
