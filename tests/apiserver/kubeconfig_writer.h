#ifndef IPVS_AGENT_TESTS_APISERVER_KUBECONFIG_WRITER_H_
#define IPVS_AGENT_TESTS_APISERVER_KUBECONFIG_WRITER_H_

#include <string>

namespace apiserver {

// What a kubeconfig says. Empty members are left out.
struct KubeconfigContents {
  std::string server;          // https://127.0.0.1:6443
  std::string authority_file;  // certificate-authority
  bool embed = false;          // certificates and key as ...-data (base64) in place of files
  std::string tls_server_name;
  std::string client_certificate_file;
  std::string client_key_file;
  std::string token;
  std::string token_file;
};

// The kubeconfig's text (YAML), of one cluster, one user, one context. Throws std::runtime_error
// where a file to embed cannot be read.
std::string kubeconfig_text(const KubeconfigContents& contents);
// Writes it to `path`, readable by the owner alone.
void write_kubeconfig(const std::string& path, const KubeconfigContents& contents);

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_KUBECONFIG_WRITER_H_
