#ifndef IPVS_AGENT_CLI_AGENT_CLIENT_H_
#define IPVS_AGENT_CLI_AGENT_CLIENT_H_

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace cli {

// Where an agent answers unless it is told otherwise (ipvsAgent.socket).
inline constexpr char kDefaultSocket[] = "/run/ipvs-agent/agent.sock";

struct Answer {
  int status = 0;  // of HTTP
  std::string body;
};

// The parameters of a question: {{"namespace", "default"}}. Those with an empty value are left out.
using Parameters = std::vector<std::pair<std::string, std::string>>;

// "/v1/status?namespace=a%2Fb".
std::string request_target(const std::string& path, const Parameters& parameters);

// Asks the agent that listens at `socket` one question.
// Errors: kUnavailable where nobody answers, with the remedy; kPermissionDenied; kCorrupt for what
// is no answer of an agent.
base::Result<Answer> ask_agent(const std::string& socket, const std::string& method,
                               const std::string& target,
                               base::Duration patience = std::chrono::minutes(1));

}  // namespace cli

#endif  // IPVS_AGENT_CLI_AGENT_CLIENT_H_
