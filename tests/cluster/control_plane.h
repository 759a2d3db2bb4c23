#ifndef IPVS_AGENT_TESTS_CLUSTER_CONTROL_PLANE_H_
#define IPVS_AGENT_TESTS_CLUSTER_CONTROL_PLANE_H_

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "tests/cluster/environment.h"
#include "tests/cluster/http_client.h"

namespace cluster {

enum class Part { kEtcd, kApiServer, kControllers };

enum class ServingCertificate {
  kGood,
  kExpired,
  kWrongName,     // for 192.0.2.1 only
  kNewAuthority,  // signed by another authority, which agent/ca.crt then holds
};

// The disturbances that "control-plane run" offers. Every call returns when its effect is there: a
// started API server is ready, a rotated certificate is served.
//
// Threading: one thread at a time.
class ControlPlane {
 public:
  explicit ControlPlane(Environment environment) : environment_(std::move(environment)) {}

  // Ok when the API server says it is ready.
  base::Status ready();

  // SIGTERM, then waits for the end; the API server takes up to a minute to say goodbye.
  base::Status stop(Part part);
  base::Status kill(Part part);  // SIGKILL
  // `flags` are more flags for the API server alone: {"--feature-gates=WatchList=false"}.
  base::Status start(Part part, const std::vector<std::string>& flags = {});
  // kill and start.
  base::Status restart(Part part, const std::vector<std::string>& flags = {});
  // SIGSTOP: connections stay open and the kernel goes on acknowledging, but nothing answers.
  base::Status pause(Part part);
  base::Status resume(Part part);

  // Makes etcd forget everything before its current revision, which is returned. The API server's
  // watch cache knows the past until the API server is restarted.
  base::Result<std::int64_t> compact();

  base::Status rotate_serving_certificate(ServingCertificate kind);
  // `lifetime` from now on; every request after it is refused with 401.
  base::Status rotate_client_certificate(std::chrono::seconds lifetime);
  // Writes a new token. With `revoke` all earlier ones become void, within 10 s.
  base::Status rotate_token(bool revoke);

  // What these clients prove themselves with now. The administrator does not verify the server,
  // whose certificate tests make wrong on purpose.
  base::Result<Credentials> administrator();
  base::Result<Credentials> agent_with_certificate();
  base::Result<Credentials> agent_with_token();
  // Writes ca.crt, client.crt, client.key and token of now into a folder for the agent's own use,
  // each replaced at once. For after every rotation: a guest of the lab does not see the host
  // replace a file.
  base::Status write_agent_files(const std::filesystem::path& folder);

 private:
  base::Result<std::string> call(const std::string& method, const std::string& path);
  base::Result<std::string> file(const std::string& name);
  base::Status post(const std::string& path) { return call("POST", path).status(); }

  Environment environment_;
  HttpClient http_;
};

}  // namespace cluster

#endif  // IPVS_AGENT_TESTS_CLUSTER_CONTROL_PLANE_H_
