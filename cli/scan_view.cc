#include <nlohmann/json.hpp>

#include "cli/json_views.h"

namespace cli {
namespace {

using nlohmann::json;

constexpr char kNotStarted[] =
    "# the agent is starting: it has not got all Services and EndpointSlices of the API yet, and "
    "changes nothing before\n";

const json& list(const json& item, const char* name) {
  static const json kEmpty = json::array();
  auto place = item.find(name);
  return place != item.end() && place->is_array() ? *place : kEmpty;
}

std::uint64_t number(const json& item, const char* name) {
  auto place = item.find(name);
  return place != item.end() && place->is_number_unsigned() ? place->get<std::uint64_t>() : 0;
}

std::string remarks(const json& scan) {
  std::string text;
  if (number(scan, "servicesWaiting") > 0) {
    text += "# changes of " + std::to_string(number(scan, "servicesWaiting")) +
            " Services wait for the next round and are not in it\n";
  }
  for (const json& item : list(scan, "unread")) {
    text += "# could not be looked at: " + item.get<std::string>() + "\n";
  }
  return text;
}

}  // namespace

std::string plan_text(const json& plan) {
  if (!plan.value("started", false)) return kNotStarted;
  std::string text = remarks(plan);
  for (const json& command : list(plan, "commands")) text += command.get<std::string>() + "\n";
  return text.empty() ? "# nothing: the kernel is as it should be\n" : text;
}

std::string audit_text(const json& audit, const Look& look) {
  if (!audit.value("started", false)) return kNotStarted;
  std::string text = remarks(audit);
  const json& differences = list(audit, "differences");
  text += std::to_string(number(audit, "virtualServers")) + " virtual servers, " +
          std::to_string(number(audit, "sets")) + " ipsets, addresses and rules looked at: " +
          (differences.empty() ? "all as it should be"
                               : std::to_string(differences.size()) + " differ") +
          "\n";
  if (!differences.empty()) {
    Table table;
    table.columns = {{.title = "DIFFERS", .least = 16}, {.title = "FOUND", .least = 12}};
    for (const json& item : differences) {
      table.rows.push_back({{item.value("what", ""), Tone::kBad}, {item.value("found", "")}});
    }
    text += "\n" + table.to_text(look.width, look.colours) +
            "\n`ipvs-agent plan` prints the commands that mend it; the agent does so by itself at "
            "its next audit\n";
  }
  if (!list(audit, "foreign").empty()) {
    Table table;
    table.columns = {{.title = "FOREIGN, NEVER CHANGED", .least = 16}, {.title = "SCHEDULER"}};
    for (const json& item : list(audit, "foreign")) {
      table.rows.push_back({{item.value("virtualServer", "")}, {item.value("scheduler", "")}});
    }
    text += "\n" + table.to_text(look.width, look.colours);
  }
  return text;
}

}  // namespace cli
