#ifndef IPVS_AGENT_WATCHERS_KUBECONFIG_H_
#define IPVS_AGENT_WATCHERS_KUBECONFIG_H_

#include <string>
#include <string_view>

#include "base/result.h"
#include "watchers/cluster_access.h"
#include "watchers/service_account.h"

namespace watchers {

// Where to look for the way to the API server.
struct AccessOptions {
  std::string kubeconfig;  // file name; "": the credentials of the pod that the agent runs in
  std::string context;     // of the kubeconfig; "": its current-context
  std::string server;      // "": as found; otherwise the URL to use in its place (--master)
  // What the kubelet gives each pod, as ServiceAccount has it.
  std::string service_host;
  std::string service_port;
  std::string service_account = ServiceAccount().folder;
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

}  // namespace watchers

#endif  // IPVS_AGENT_WATCHERS_KUBECONFIG_H_
