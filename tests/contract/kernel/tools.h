#ifndef IPVS_AGENT_TESTS_CONTRACT_KERNEL_TOOLS_H_
#define IPVS_AGENT_TESTS_CONTRACT_KERNEL_TOOLS_H_

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "netconf/child_process.h"

namespace contract {

// What the real tool prints; throws where it fails.
inline std::string must_run(const std::vector<std::string>& argv, std::string_view input = "") {
  base::Result<netconf::ProcessOutput> output =
      netconf::run_process(argv, input, std::chrono::seconds(60));
  if (!output) throw std::runtime_error(output.status().message());
  if (output->exit_status != 0) throw std::runtime_error(argv[0] + ": " + output->err);
  return output->out;
}

}  // namespace contract

#endif  // IPVS_AGENT_TESTS_CONTRACT_KERNEL_TOOLS_H_
