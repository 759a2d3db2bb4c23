#ifndef IPVS_AGENT_TESTS_APISERVER_TEST_API_SERVER_H_
#define IPVS_AGENT_TESTS_APISERVER_TEST_API_SERVER_H_

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "tests/apiserver/api.h"
#include "tests/apiserver/certificate_authority.h"
#include "tests/apiserver/faults.h"
#include "tests/apiserver/kubeconfig_writer.h"
#include "tests/apiserver/listener.h"
#include "tests/apiserver/object_store.h"

namespace apiserver {

struct TestApiServerOptions {
  std::string listen = "127.0.0.1:0";  // ADDRESS:PORT; port 0 takes a free one
  // Where certificates, keys, tokens and kubeconfigs are written. "": a new folder under /tmp that
  // goes with the server.
  std::string folder;
  std::vector<std::string> more_ip_addresses;  // further addresses its certificate is good for
  ObjectStore::Options store;
};

// Behaves like kube-apiserver for what a node agent uses of it, over TLS with an authority of its
// own, in this process; and misbehaves on command.
//
//   TestApiServer server;
//   ASSERT_TRUE(server.start().ok());
//   server.put(R"({"apiVersion": "v1", "kind": "Service", ...})"_json);
//   Agent agent(server.kubeconfig());
//   server.faults().order("services", {WatchOrder::Kind::kReset});
//
// Threading: every method may be called from any thread.
class TestApiServer {
 public:
  explicit TestApiServer(TestApiServerOptions options = {});
  ~TestApiServer();
  TestApiServer(const TestApiServer&) = delete;
  TestApiServer& operator=(const TestApiServer&) = delete;

  base::Status start();
  void stop();

  std::string url() const { return "https://" + listener_.address(); }
  const std::string& folder() const { return folder_; }
  // FOLDER/kubeconfig: CA file and client certificate as files. Written by start().
  std::string kubeconfig() const { return folder_ + "/kubeconfig"; }
  // Another one, with what is given; server and authority are filled in.
  std::string kubeconfig(const std::string& basename, KubeconfigContents contents) const;

  // Creates or replaces; apiVersion and kind say what it is. Nothing is filled in but what the
  // server owns in metadata. Returns its version.
  // Errors: kInvalidArgument for a kind that is not kept or an object without a name.
  base::Result<Version> put(const nlohmann::json& object);
  // Errors: kNotFound, kInvalidArgument.
  base::Status erase(const std::string& kind, const std::string& space, const std::string& name);

  // The certificate shown from the next connection on.
  void use_certificate(const CertificateFiles& files);
  // Puts the server's first, good certificate back.
  void use_good_certificate();
  const CertificateAuthority& authority() const { return authority_; }

  ObjectStore& store() { return store_; }
  Faults& faults() { return faults_; }
  Access& access() { return access_; }
  ApiFeatures& features() { return features_; }
  Listener& listener() { return listener_; }
  const Api& api() const { return api_; }

 private:
  const TestApiServerOptions options_;
  const std::string folder_;
  CertificateAuthority authority_;
  CertificateFiles certificate_;
  CertificateFiles client_certificate_;
  ObjectStore store_;
  Faults faults_;
  Access access_;
  ApiFeatures features_;
  Api api_;
  Listener listener_;
};

}  // namespace apiserver

#endif  // IPVS_AGENT_TESTS_APISERVER_TEST_API_SERVER_H_
