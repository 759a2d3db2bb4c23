#ifndef IPVS_AGENT_WATCHERS_SERVICE_ACCOUNT_H_
#define IPVS_AGENT_WATCHERS_SERVICE_ACCOUNT_H_

#include <string>

#include "base/result.h"
#include "watchers/cluster_access.h"

namespace watchers {

// The way to the API server that the kubelet gives each pod.
struct ServiceAccount {
  // Environment variables KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT; "": not set.
  std::string host;
  std::string port;
  // Holds ca.crt and token.
  std::string folder = "/var/run/secrets/kubernetes.io/serviceaccount";
};

// `server`: "" or the URL to use in place of host and port. Errors tell the remedy: kNotFound where
// this is no pod or a file is missing, kInvalidArgument.
base::Result<ClusterAccess> access_of(const ServiceAccount& account, const std::string& server);

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_SERVICE_ACCOUNT_H_
