#include "agent/answer_words.h"

#include <cstddef>

namespace agent {

std::string_view state_of(const AgentStatus& agent, const HealthState& health,
                          const Moment& moment) {
  if (!is_healthy(health, moment.now)) return "failing";
  if (!agent.started) return "starting";
  if (agent.retries > 0 || !health.warnings.empty()) return "degraded";
  return agent.services_waiting > 0 ? "catching up" : "in step";
}

std::string_view state_of(const RealServerStatus& real) {
  if (real.drain) return "draining";
  if (!real.in_kernel) return "missing";
  if (!real.planned) return "unwanted";
  return real.server.weight == 0 ? "weight 0" : "ok";
}

std::string_view state_of(const VirtualServerStatus& server) {
  if (!server.taken_by.name.empty()) return "taken";
  if (!server.failure.empty()) return "failing";
  return server.in_kernel ? "ok" : "missing";
}

std::string summary_of(const VirtualServerStatus& server) {
  const std::string_view state = state_of(server);
  if (state == "taken") return "taken by " + watchers::to_string(server.taken_by);
  if (state != "ok") return std::string(state);
  std::size_t draining = 0;
  std::size_t stopped = 0;
  std::size_t wrong = 0;
  for (const RealServerStatus& real : server.real_servers) {
    const std::string_view real_state = state_of(real);
    if (real_state == "draining") {
      ++draining;
    } else if (real_state == "weight 0") {
      ++stopped;
    } else if (real_state != "ok") {
      ++wrong;
    }
  }
  if (wrong > 0) return std::to_string(wrong) + " not in step";
  if (server.real_servers.size() == draining + stopped) return "no endpoints";
  if (stopped > 0) return std::to_string(stopped) + " at weight 0";
  return draining > 0 ? std::to_string(draining) + " draining" : "ok";
}

const ipvs::VirtualServerKey& address_of(const VirtualServerStatus& server) {
  return server.inside_of.port != 0 ? server.inside_of : server.planned.server.key;
}

}  // namespace agent
