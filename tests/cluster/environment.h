#ifndef IPVS_AGENT_TESTS_CLUSTER_ENVIRONMENT_H_
#define IPVS_AGENT_TESTS_CLUSTER_ENVIRONMENT_H_

#include <string>

#include "base/protocol.h"
#include "base/result.h"

namespace cluster {

// Where the control plane of this test run is, as tests/cluster/run tells it in the environment.
struct Environment {
  std::string host;             // of both ports: 127.0.0.1, or 10.0.2.2 in a guest of the lab
  base::Port api_port = 0;      // HTTPS
  base::Port control_port = 0;  // plain HTTP

  // From CLUSTER_HOST, CLUSTER_API_PORT and CLUSTER_CONTROL_PORT. A missing or malformed one is
  // kInvalidArgument; the sentence says how to run the test.
  static base::Result<Environment> read();

  std::string api_url() const;      // "https://127.0.0.1:6443"
  std::string control_url() const;  // "http://127.0.0.1:6444"
};

}  // namespace cluster

#endif  // IPVS_AGENT_TESTS_CLUSTER_ENVIRONMENT_H_
