#ifndef IPVS_AGENT_TESTS_LAB_PROBES_H_
#define IPVS_AGENT_TESTS_LAB_PROBES_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "tests/lab/client.h"
#include "tests/lab/namespace.h"
#include "tests/lab/target.h"

namespace lab {

// One request, to be made beside many others.
struct Probe {
  const Namespace* from = nullptr;
  Target to;
  // The address to send from, where the client has several.
  std::optional<base::IpAddress> source = std::nullopt;
  // After that it counts as unanswered; a late answer counts while others are still waited for.
  base::Duration patience = std::chrono::seconds(60);
};

enum class ProbeEnd : std::uint8_t {
  kAnswered,
  kUnreachable,  // refused by ICMP "port unreachable"
  kReset,        // refused by a TCP RST or an SCTP ABORT
  kSilence,      // nothing came back in time
  kFailed,       // anything else: see the errno
};

std::string_view to_string(ProbeEnd end);

struct ProbeResult {
  ProbeEnd end = ProbeEnd::kSilence;
  Reply reply;           // where answered
  int error_number = 0;  // of the socket, where not answered
};

// Makes all requests at the same time, each on a socket of its own, and waits until each has its
// answer or has had its patience; results in the order of the probes. UDP requests are repeated
// each second, as other protocols do by themselves. Errors: kUnavailable where a socket cannot be
// made.
base::Result<std::vector<ProbeResult>> run_probes(std::span<const Probe> probes);

}  // namespace lab

#endif  // IPVS_AGENT_TESTS_LAB_PROBES_H_
