#include <nlohmann/json.hpp>

#include "cli/json_views.h"

namespace cli {
namespace {

using nlohmann::json;

const json& list(const json& item, const char* name) {
  static const json kEmpty = json::array();
  auto place = item.find(name);
  return place != item.end() && place->is_array() ? *place : kEmpty;
}

std::uint64_t connections_of(const json& real) {
  return real.value("activeConnections", std::uint64_t{0}) +
         real.value("inactiveConnections", std::uint64_t{0});
}

void add_row(const json& real, const std::string& target, Table& table) {
  bool alone = real.value("alone", false);
  table.rows.push_back({{target},
                        {real.value("service", "")},
                        {real.value("virtualServer", "")},
                        {address_text(real)},
                        {std::to_string(real.value("activeConnections", std::uint64_t{0}))},
                        {std::to_string(real.value("inactiveConnections", std::uint64_t{0}))},
                        {alone ? "no other real server takes connections" : "draining",
                         alone ? Tone::kBad : Tone::kWarning}});
}

}  // namespace

std::uint64_t connections_left(const json& drains, const std::string& target) {
  std::uint64_t sum = 0;
  for (const json& order : list(drains, "orders")) {
    if (order.value("target", "") != target) continue;
    for (const json& real : list(order, "realServers")) sum += connections_of(real);
  }
  return sum;
}

std::string drain_text(const json& drains, const Look& look) {
  if (list(drains, "orders").empty()) return "nothing is being drained by order\n";
  Table table;
  table.columns = {{.title = "TARGET"},
                   {.title = "SERVICE", .least = 9},
                   {.title = "VIRTUAL SERVER", .expendable = 1},
                   {.title = "REAL SERVER"},
                   {.title = "ACTIVE", .expendable = 3, .right = true},
                   {.title = "INACTIVE", .expendable = 4, .right = true},
                   {.title = "STATE", .least = 8}};
  std::string remarks;
  for (const json& order : list(drains, "orders")) {
    std::string target = order.value("target", "");
    for (const json& real : list(order, "realServers")) add_row(real, target, table);
    if (list(order, "realServers").empty()) {
      remarks += target +
                 ": no Service has such an endpoint on this node's list now; the order "
                 "stays for those that come\n";
    }
    if (std::uint64_t more = order.value("notShown", std::uint64_t{0}); more > 0) {
      remarks += target + ": and " + std::to_string(more) + " more real servers\n";
    }
  }
  return (table.rows.empty() ? "" : table.to_text(look.width, look.colours)) + remarks;
}

std::string config_text(const json& configuration, const Look& look) {
  Table table;
  table.columns = {{.title = "KEY"}, {.title = "VALUE", .least = 10}, {.title = "ORIGIN"}};
  if (!configuration.is_object()) return "";
  for (const json& item : list(configuration, "values")) {
    std::string origin = item.value("origin", "");
    Tone tone = origin == "default" ? Tone::kFaint : Tone::kPlain;
    table.rows.push_back({{item.value("key", "")}, {item.value("value", "")}, {origin, tone}});
  }
  return table.to_text(look.width, look.colours);
}

}  // namespace cli
