#include "watchers/service_account.h"

#include <string_view>
#include <utility>

namespace watchers {

base::Result<ClusterAccess> access_of(const ServiceAccount& account, const std::string& server) {
  bool overridden = !server.empty();
  if (!overridden && (account.host.empty() || account.port.empty())) {
    return base::Status(base::Code::kNotFound,
                        "no way to the API server is configured: no kubeconfig is given, and "
                        "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set, so this "
                        "is no pod; give a kubeconfig file");
  }
  bool brackets = account.host.find(':') != std::string::npos;
  std::string found = std::string("https://") + (brackets ? "[" : "") + account.host +
                      (brackets ? "]" : "") + ":" + account.port;
  base::Result<ServerUrl> url = ServerUrl::parse(overridden ? server : found);
  if (!url) {
    return url.status().in(overridden ? "the API server's URL given"
                                      : "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT");
  }
  ClusterAccess access;
  access.server = *std::move(url);
  access.origin = "the URL given";
  // Where a local proxy has the credentials, ours must not go.
  if (!access.server.tls) return access;

  access.origin = "the service account in " + account.folder;
  access.certificate_authority.file = account.folder + "/ca.crt";
  access.token_file = account.folder + "/token";
  base::Status readable = access.certificate_authority.read("CERTIFICATE").status();
  if (readable.ok()) readable = read_file(access.token_file).status();
  if (readable.ok()) return access;
  constexpr std::string_view kRemedy =
      "; the pod needs its service account mounted (automountServiceAccountToken: true), or give a "
      "kubeconfig file";
  return base::Status(readable.code(),
                      "service account of the pod: " + readable.message() + std::string(kRemedy),
                      readable.error_number());
}

}  // namespace watchers
