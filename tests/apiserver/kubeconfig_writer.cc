#include "tests/apiserver/kubeconfig_writer.h"

#include <openssl/evp.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace apiserver {
namespace {

std::string base64_of_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  std::string bytes = text.str();
  std::string encoded(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                               reinterpret_cast<const unsigned char*>(bytes.data()),
                               static_cast<int>(bytes.size()));
  encoded.resize(static_cast<std::size_t>(length));
  return encoded;
}

}  // namespace

std::string kubeconfig_text(const KubeconfigContents& contents) {
  std::ostringstream text;
  auto line = [&](const char* key, const std::string& value) {
    if (!value.empty()) text << "    " << key << ": " << value << "\n";
  };
  auto file = [&](const std::string& key, const std::string& path) {
    if (path.empty()) return;
    if (contents.embed) {
      text << "    " << key << "-data: " << base64_of_file(path) << "\n";
    } else {
      text << "    " << key << ": " << path << "\n";
    }
  };
  text << "apiVersion: v1\nkind: Config\n";
  text << "clusters:\n- name: test\n  cluster:\n";
  line("server", contents.server);
  file("certificate-authority", contents.authority_file);
  line("tls-server-name", contents.tls_server_name);
  text << "users:\n- name: agent\n  user:\n";
  if (contents.client_certificate_file.empty() && contents.token.empty() &&
      contents.token_file.empty()) {
    text << "    {}\n";
  }
  file("client-certificate", contents.client_certificate_file);
  file("client-key", contents.client_key_file);
  line("token", contents.token);
  line("tokenFile", contents.token_file);
  text << "contexts:\n- name: test\n  context:\n    cluster: test\n    user: agent\n";
  text << "current-context: test\n";
  return text.str();
}

void write_kubeconfig(const std::string& path, const KubeconfigContents& contents) {
  std::string text = kubeconfig_text(contents);
  std::ofstream file(path, std::ios::trunc);
  std::filesystem::permissions(
      path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  file << text;
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path);
}

}  // namespace apiserver
