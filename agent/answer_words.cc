#include "agent/answer_words.h"

#include "base/real_server_tally.h"

namespace agent {

std::string_view state_of(const AgentStatus& agent, const HealthState& health,
                          const Moment& moment) {
  if (!is_healthy(health, moment.now)) return "failing";
  if (!agent.started) return "starting";
  if (agent.retries > 0 || !health.warnings.empty()) return "degraded";
  return agent.services_waiting > 0 ? "catching up" : "in step";
}

std::string_view state_of(const RealServerStatus& real) {
  if (real.drain) return base::kRealServerDraining;
  if (!real.in_kernel) return "missing";
  if (!real.planned) return "unwanted";
  return real.server.weight == 0 ? base::kRealServerStopped : base::kRealServerOk;
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
  base::RealServerTally tally;
  for (const RealServerStatus& real : server.real_servers) tally.add(state_of(real));
  return tally.summary();
}

const ipvs::VirtualServerKey& address_of(const VirtualServerStatus& server) {
  return server.inside_of.port != 0 ? server.inside_of : server.planned.server.key;
}

}  // namespace agent
