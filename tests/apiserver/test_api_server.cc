#include "tests/apiserver/test_api_server.h"

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace apiserver {
namespace {

std::string folder_for(const TestApiServerOptions& options) {
  if (!options.folder.empty()) return options.folder;
  std::string folder = (std::filesystem::temp_directory_path() / "test-apiserver-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("cannot make " + folder);
  return folder;
}

const ResourceType* type_of_kind(const std::string& kind) {
  for (const ResourceType& type : resource_types()) {
    if (type.kind == kind) return &type;
  }
  return nullptr;
}

}  // namespace

TestApiServer::TestApiServer(TestApiServerOptions options)
    : options_(std::move(options)),
      folder_(folder_for(options_)),
      authority_(folder_),
      certificate_(authority_.issue_server("server", options_.more_ip_addresses)),
      client_certificate_(authority_.issue_client("client", "system:node:test")),
      store_(options_.store),
      api_(store_, faults_, access_, features_),
      listener_(options_.listen, [this](Connection& connection) { api_.serve(connection); }) {
  use_good_certificate();
}

TestApiServer::~TestApiServer() {
  stop();
  if (options_.folder.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
}

base::Status TestApiServer::start() {
  base::Status started = listener_.start();
  if (!started) return started;
  KubeconfigContents contents;
  contents.client_certificate_file = client_certificate_.certificate;
  contents.client_key_file = client_certificate_.key;
  kubeconfig("kubeconfig", contents);
  return {};
}

void TestApiServer::stop() { listener_.stop(); }

std::string TestApiServer::kubeconfig(const std::string& basename,
                                      KubeconfigContents contents) const {
  if (contents.server.empty()) contents.server = url();
  if (contents.authority_file.empty()) contents.authority_file = authority_.certificate_file();
  std::string path = folder_ + "/" + basename;
  write_kubeconfig(path, contents);
  return path;
}

base::Result<Version> TestApiServer::put(const nlohmann::json& object) {
  std::string version = object.value("apiVersion", "");
  std::string kind = object.value("kind", "");
  const ResourceType* type = find_kind(version, kind);
  if (type == nullptr) {
    return base::Status(base::Code::kInvalidArgument,
                        "no such kind here: apiVersion '" + version + "', kind '" + kind + "'");
  }
  auto stored = store_.put(*type, object);
  if (!stored) return stored.status();
  return (*stored)->version;
}

base::Status TestApiServer::erase(const std::string& kind, const std::string& space,
                                  const std::string& name) {
  const ResourceType* type = type_of_kind(kind);
  if (type == nullptr) return {base::Code::kInvalidArgument, "no such kind here: " + kind};
  return store_.erase(*type, space, name).status();
}

void TestApiServer::use_certificate(const CertificateFiles& files) {
  listener_.use_tls({files.certificate, files.key, authority_.certificate_file()});
}

void TestApiServer::use_good_certificate() { use_certificate(certificate_); }

}  // namespace apiserver
