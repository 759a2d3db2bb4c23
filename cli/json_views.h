#ifndef IPVS_AGENT_CLI_JSON_VIEWS_H_
#define IPVS_AGENT_CLI_JSON_VIEWS_H_

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/table.h"

// What an agent's answers look like to people. Answers are JSON as docs/command-line.md has it;
// what is missing in them is shown as nothing.
namespace cli {

struct Look {
  std::size_t width = 0;  // of the terminal; 0: as wide as need be
  bool colours = false;
};

// "10.96.0.10:80", "[fd00::1]:80".
std::string address_text(const nlohmann::json& item);

// The line that sums an agent up.
std::string agent_line(const nlohmann::json& agent, const Look& look);
// A line for each virtual server, or with `real_servers` for each real server. `namespaces`: with a
// column of them.
Table status_table(const nlohmann::json& services, bool real_servers, bool namespaces);
// Problems of the agent and of Services, one a line; "" where there are none.
std::string problem_lines(const nlohmann::json& agent, const nlohmann::json& services,
                          const Look& look);

std::string explain_text(const nlohmann::json& explanation, const Look& look);
std::string plan_text(const nlohmann::json& plan);
std::string audit_text(const nlohmann::json& audit, const Look& look);

std::string drain_text(const nlohmann::json& drains, const Look& look);
// How many connections the real servers of one order hold.
std::uint64_t connections_left(const nlohmann::json& drains, const std::string& target);
std::string config_text(const nlohmann::json& configuration, const Look& look);

}  // namespace cli

#endif  // IPVS_AGENT_CLI_JSON_VIEWS_H_
