#ifndef IPVS_AGENT_NETCONF_CHILD_PROCESS_H_
#define IPVS_AGENT_NETCONF_CHILD_PROCESS_H_

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace netconf {

// What a program left behind.
struct ProcessOutput {
  int exit_status = 0;  // 128 + the signal's number where a signal ended it
  std::string out;
  std::string err;
};

// Runs a program, found in PATH or in /usr/sbin and /sbin, without a shell: argv[0] is its name,
// `input` its standard input. Waits for its end; after `deadline`, or when a stop is requested, it
// is killed.
//
// Threading: any number of threads at a time. Errors: kNotFound where there is no such program,
// kUnavailable where it took too long, kCancelled where it was to stop, kResourceExhausted where it
// printed more than 64 MiB. A program that fails is no error here: see exit_status.
base::Result<ProcessOutput> run_process(const std::vector<std::string>& argv,
                                        std::string_view input, base::Duration deadline,
                                        std::stop_token stop = {});

// run_process(), or something in its place.
using ProcessRunner = std::function<base::Result<ProcessOutput>(const std::vector<std::string>&,
                                                                std::string_view, std::stop_token)>;

}  // namespace netconf

#endif  // IPVS_AGENT_NETCONF_CHILD_PROCESS_H_
