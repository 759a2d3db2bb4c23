#ifndef IPVS_AGENT_WATCHERS_KUBECONFIG_H_
#define IPVS_AGENT_WATCHERS_KUBECONFIG_H_

#include <string>
#include <string_view>

#include "base/result.h"
#include "watchers/cluster_access.h"

namespace watchers {

// Where to look for the way to the API server.
struct AccessOptions {
  std::string kubeconfig;  // file name; "": the credentials of the pod that the agent runs in
  std::string context;     // of the kubeconfig; "": its current-context
  std::string server;      // "": as found; otherwise the URL to use in its place (--master)
  // What the kubelet gives each pod. The first two are the environment variables
  // KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, "" where they are not set.
  std::string service_host;
  std::string service_port;
  std::string service_account = "/var/run/secrets/kubernetes.io/serviceaccount";
};

// Follows the options. Every file that is named is looked at once, so that a wrong name is told at
// the start; it is read again when it is needed. Errors name file, key, what was found, what is
// allowed and the remedy: kInvalidArgument, kUnsupported for what is left out on purpose (exec and
// auth-provider plugins, basic authentication, proxies, unverified TLS), kNotFound and
// kPermissionDenied for files.
base::Result<ClusterAccess> find_cluster_access(const AccessOptions& options);

// The kubeconfig `text` (YAML or JSON), as if read from `file`: relative names in it are relative
// to that file's folder, and messages name it. `context` and `server` as in AccessOptions.
base::Result<ClusterAccess> parse_kubeconfig(std::string_view text, const std::string& file,
                                             const std::string& context, const std::string& server);

// A pod's service account. Errors: kNotFound where this is no pod.
base::Result<ClusterAccess> in_cluster_access(const AccessOptions& options);

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_KUBECONFIG_H_
