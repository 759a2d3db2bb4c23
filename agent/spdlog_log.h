#ifndef IPVS_AGENT_AGENT_SPDLOG_LOG_H_
#define IPVS_AGENT_AGENT_SPDLOG_LOG_H_

#include <memory>

#include "agent/configuration.h"
#include "agent/log.h"

namespace agent {

// A log on standard error, by spdlog: each line is written whole and at once. Debug lines from
// verbosity 4 on. Times are UTC with microseconds.
std::unique_ptr<Log> make_spdlog_log(const Configuration::Logging& logging);

}  // namespace agent

#endif  // IPVS_AGENT_AGENT_SPDLOG_LOG_H_
