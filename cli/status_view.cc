#include <nlohmann/json.hpp>

#include "base/real_server_tally.h"
#include "cli/json_views.h"

namespace cli {
namespace {

using nlohmann::json;

std::string text(const json& item, const char* name) {
  auto place = item.find(name);
  return place != item.end() && place->is_string() ? place->get<std::string>() : "";
}

std::uint64_t number(const json& item, const char* name) {
  auto place = item.find(name);
  return place != item.end() && place->is_number_unsigned() ? place->get<std::uint64_t>() : 0;
}

const json& list(const json& item, const char* name) {
  static const json kEmpty = json::array();
  auto place = item.find(name);
  return place != item.end() && place->is_array() ? *place : kEmpty;
}

Tone tone_of(const std::string& state) {
  if (state == "ok" || state == "in step") return Tone::kGood;
  if (state == "missing" || state == "failing") return Tone::kBad;
  return Tone::kWarning;
}

std::string virtual_server_text(const json& server) {
  std::string result = address_text(server) + "/" + text(server, "protocol");
  return text(server, "clients") == "inside" ? result + " (inside)" : result;
}

std::string drain_text(const json& real) {
  std::string state = text(real, "state");
  if (state != base::kRealServerDraining) return state;
  state += " " + std::to_string(number(real, "drainSeconds")) + "s";
  if (real.contains("drainSecondsLeft")) {
    state += " of " +
             std::to_string(number(real, "drainSeconds") + number(real, "drainSecondsLeft")) + "s";
  }
  return state;
}

// What is worth telling of a virtual server in one word or two.
std::string summary_of(const json& server) {
  std::string state = text(server, "state");
  if (state == "taken") return "taken by " + text(server, "takenBy");
  if (state != "ok") return state;
  base::RealServerTally tally;
  for (const json& real : list(server, "realServers")) tally.add(text(real, "state"));
  return tally.summary();
}

std::vector<Cell> service_cells(const json& service, bool namespaces) {
  std::vector<Cell> cells;
  if (namespaces) cells.push_back({text(service, "namespace")});
  cells.push_back({text(service, "name")});
  return cells;
}

void add_real_servers(const json& service, const json& server, bool namespaces, Table& table) {
  std::vector<Cell> head = service_cells(service, namespaces);
  head.push_back({virtual_server_text(server)});
  head.push_back({text(server, "kind")});
  head.push_back({text(server, "scheduler")});
  auto row = [&](const std::vector<Cell>& tail) {
    table.rows.push_back(head);
    table.rows.back().insert(table.rows.back().end(), tail.begin(), tail.end());
  };
  if (list(server, "realServers").empty() || text(server, "state") != "ok") {
    std::string summary = summary_of(server);
    row({{"-"}, {""}, {""}, {""}, {summary, tone_of(summary)}});
  }
  for (const json& real : list(server, "realServers")) {
    row({{address_text(real)},
         {std::to_string(number(real, "weight"))},
         {std::to_string(number(real, "activeConnections"))},
         {std::to_string(number(real, "inactiveConnections"))},
         {drain_text(real), tone_of(text(real, "state"))}});
  }
}

void add_virtual_server(const json& service, const json& server, bool namespaces, Table& table) {
  std::uint64_t active = 0;
  std::uint64_t inactive = 0;
  for (const json& real : list(server, "realServers")) {
    active += number(real, "activeConnections");
    inactive += number(real, "inactiveConnections");
  }
  std::vector<Cell> cells = service_cells(service, namespaces);
  std::string summary = summary_of(server);
  cells.insert(cells.end(), {{virtual_server_text(server)},
                             {text(server, "kind")},
                             {text(server, "scheduler")},
                             {std::to_string(list(server, "realServers").size())},
                             {std::to_string(active)},
                             {std::to_string(inactive)},
                             {summary, tone_of(summary)}});
  table.rows.push_back(std::move(cells));
}

}  // namespace

std::string address_text(const json& item) {
  std::string address = text(item, "address");
  if (address.find(':') != address.npos) address = "[" + address + "]";
  std::uint64_t port = number(item, "port");
  return port == 0 ? address : address + ":" + std::to_string(port);
}

std::string agent_line(const json& agent, const Look& look) {
  std::string state = text(agent, "state");
  std::string sync = text(agent, "lastSync");
  auto counted = [&](const char* name, const std::string& what) {
    return std::to_string(number(agent, name)) + " " + what;
  };
  std::string rest = text(agent, "node") + ": " + state;
  if (!sync.empty()) rest += ", last sync " + sync;
  rest += ". " + counted("services", "Services") + ", " +
          counted("virtualServers", "virtual servers") + ", " +
          counted("realServers", "real servers");
  if (number(agent, "drains") > 0) rest += ", " + counted("drains", "draining");
  if (number(agent, "servicesWaiting") > 0) rest += ", " + counted("servicesWaiting", "waiting");
  if (number(agent, "retries") > 0) rest += ", " + counted("retries", "to be tried again");
  if (number(agent, "foreignVirtualServers") > 0) {
    rest += ", " + counted("foreignVirtualServers", "foreign virtual servers");
  }
  rest += ".";
  if (!look.colours) return rest + "\n";
  Table coloured{.columns = {{.title = ""}}, .rows = {{{rest, tone_of(state)}}}};
  return coloured.to_text(coloured.widths(0), 0, true, false);
}

Table status_table(const json& services, bool real_servers, bool namespaces) {
  Table table;
  if (namespaces) table.columns.push_back({.title = "NAMESPACE", .least = 7, .expendable = 2});
  table.columns.push_back({.title = "NAME", .least = 9});
  table.columns.push_back({.title = "VIRTUAL SERVER"});
  table.columns.push_back({.title = "KIND", .least = 5, .expendable = 6});
  table.columns.push_back({.title = "SCHEDULER", .expendable = 5});
  if (real_servers) {
    table.columns.push_back({.title = "REAL SERVER"});
    table.columns.push_back({.title = "WEIGHT", .expendable = 3, .right = true});
  } else {
    table.columns.push_back({.title = "REAL", .expendable = 1, .right = true});
  }
  table.columns.push_back({.title = "ACTIVE", .expendable = 3, .right = true});
  table.columns.push_back({.title = "INACTIVE", .expendable = 4, .right = true});
  table.columns.push_back({.title = "STATE", .least = 8});
  for (const json& service : services) {
    const json& servers = list(service, "virtualServers");
    if (servers.empty()) {
      std::vector<Cell> cells = service_cells(service, namespaces);
      cells.push_back({"-"});
      cells.push_back({service.contains("headless") ? "headless" : text(service, "type")});
      cells.resize(table.columns.size() - 1);
      cells.push_back({list(service, "problems").empty() ? "" : "problems", Tone::kWarning});
      table.rows.push_back(std::move(cells));
    }
    for (const json& server : servers) {
      real_servers ? add_real_servers(service, server, namespaces, table)
                   : add_virtual_server(service, server, namespaces, table);
    }
  }
  return table;
}

std::string problem_lines(const json& agent, const json& services, const Look& look) {
  std::string lines;
  auto add = [&](const std::string& line) {
    Table table{.columns = {{.title = ""}}, .rows = {{{line, Tone::kWarning}}}};
    lines += table.to_text(table.widths(0), 0, look.colours, false);
  };
  for (const json& problem : list(agent, "problems")) {
    if (problem.is_string()) add("problem: " + problem.get<std::string>());
  }
  for (const json& service : services) {
    std::string name = text(service, "namespace") + "/" + text(service, "name");
    for (const json& problem : list(service, "problems")) {
      if (problem.is_string()) add(name + ": " + problem.get<std::string>());
    }
    for (const json& server : list(service, "virtualServers")) {
      if (std::string failure = text(server, "failure"); !failure.empty()) {
        add(name + ": " + failure);
      }
    }
  }
  return lines;
}

}  // namespace cli
