#include "watchers/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace {

using base::Code;
using testing::AllOf;
using testing::HasSubstr;
using watchers::AccessOptions;
using watchers::ClusterAccess;

constexpr const char* kCertificate =
    "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
constexpr const char* kKey = "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n";
// The two above in base64.
constexpr const char* kCertificateData =
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBPT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=";
constexpr const char* kKeyData =
    "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCkFBPT0KLS0tLS1FTkQgUFJJVkFURSBLRVktLS0tLQo=";

class Kubeconfig : public testing::Test {
 protected:
  Kubeconfig() {
    std::string folder = (std::filesystem::temp_directory_path() / "kubeconfig_XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = folder;
    file_ = folder + "/config";
    write("ca.crt", kCertificate);
    write("me.crt", kCertificate);
    write("me.key", kKey);
    write("token", "t0ken\n");
  }
  ~Kubeconfig() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }

  // A kubeconfig with one cluster and one user, each of the given lines of YAML flow.
  static std::string config(const std::string& cluster, const std::string& user) {
    return "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
           "contexts: [{name: here, context: {cluster: c, user: u}}]\n"
           "clusters: [{name: c, cluster: {" +
           cluster +
           "}}]\n"
           "users: [{name: u, user: {" +
           user + "}}]\n";
  }
  base::Result<ClusterAccess> parse(const std::string& text, const std::string& context = "",
                                    const std::string& server = "") {
    return watchers::parse_kubeconfig(text, file_, context, server);
  }
  base::Status refused(const std::string& text, const std::string& context = "") {
    base::Result<ClusterAccess> access = parse(text, context);
    EXPECT_FALSE(access) << text;
    EXPECT_THAT(access.status().message(), testing::StartsWith(file_ + ":"));
    return access.status();
  }
  base::Status cluster_refused(const std::string& cluster) { return refused(config(cluster, "")); }
  base::Status user_refused(const std::string& user) { return refused(config(kGood, user)); }

  static constexpr const char* kGood =
      "server: 'https://10.0.0.1:6443', certificate-authority: ca.crt";
  std::string folder_;
  std::string file_;
};

TEST_F(Kubeconfig, ReadsFilesRelativeToItself) {
  auto access = parse(config(kGood,
                             "client-certificate: me.crt, client-key: me.key, "
                             "token: fixed, tokenFile: token"));
  ASSERT_TRUE(access) << access.status().message();
  ClusterAccess expected;
  expected.origin = "context \"here\" of " + file_;
  expected.server = {.tls = true, .host = "10.0.0.1", .port = 6443, .path = ""};
  expected.certificate_authority.file = folder_ + "/ca.crt";
  expected.client_certificate.file = folder_ + "/me.crt";
  expected.client_key.file = folder_ + "/me.key";
  expected.token = "fixed";
  expected.token_file = folder_ + "/token";
  EXPECT_EQ(*access, expected);
}

TEST_F(Kubeconfig, DataWinsOverFiles) {
  auto access = parse(
      config(std::string("server: 'https://[fd00::1]', tls-server-name: kubernetes, "
                         "certificate-authority: /nonexistent, certificate-authority-data: ") +
                 kCertificateData,
             std::string("client-certificate: /nonexistent, client-key: /nonexistent, "
                         "client-certificate-data: ") +
                 kCertificateData + ", client-key-data: " + kKeyData));
  ASSERT_TRUE(access) << access.status().message();
  EXPECT_EQ(access->server.host, "fd00::1");
  EXPECT_EQ(access->tls_server_name, "kubernetes");
  EXPECT_EQ(access->certificate_authority.text, kCertificate);
  EXPECT_EQ(access->client_certificate.text, kCertificate);
  EXPECT_EQ(access->client_key.text, kKey);
}

TEST_F(Kubeconfig, ReadsJson) {
  auto access = parse(
      "{\n\t\"kind\": \"Config\", \"current-context\": \"a\",\n\t\"contexts\": "
      "[{\"name\": \"a\", \"context\": {\"cluster\": \"c\"}}],\n"
      "\t\"clusters\": [{\"name\": \"c\", \"cluster\": {\"server\": \"https://h\", "
      "\"certificate-authority\": \"ca.crt\", \"insecure-skip-tls-verify\": false}}],\n"
      "\t\"users\": null}");
  ASSERT_TRUE(access) << access.status().message();
  EXPECT_EQ(access->server.host, "h");
  EXPECT_EQ(access->token, "");
}

TEST_F(Kubeconfig, ChoosesTheContext) {
  std::string text =
      "current-context: one\n"
      "contexts:\n- {name: one, context: {cluster: c1}}\n- {name: two, context: {cluster: c2}}\n"
      "clusters:\n- {name: c1, cluster: {server: 'https://h1', certificate-authority: ca.crt}}\n"
      "- {name: c2, cluster: {server: 'https://h2', certificate-authority: ca.crt}}\n";
  EXPECT_EQ(parse(text)->server.host, "h1");
  EXPECT_EQ(parse(text, "two")->server.host, "h2");
  EXPECT_EQ(parse(text, "two", "https://h3:1")->server.host, "h3");
  EXPECT_THAT(
      refused(text, "three").message(),
      AllOf(HasSubstr("contexts: found no entry named \"three\""), HasSubstr("\"one\", \"two\"")));
}

TEST_F(Kubeconfig, RefusesWhatIsNoKubeconfig) {
  EXPECT_THAT(refused("kind: KubeProxyConfiguration\n").message(),
              HasSubstr("kind: found \"KubeProxyConfiguration\", allowed: Config"));
  EXPECT_THAT(refused("a: [1\nb: {").message(), HasSubstr("neither YAML nor JSON"));
  EXPECT_THAT(refused("just text").message(), HasSubstr("found a text, allowed: a map"));
  EXPECT_THAT(refused("").message(), HasSubstr("current-context: found nothing"));
  EXPECT_THAT(refused("current-context: x\n").message(), HasSubstr("there is none"));
  EXPECT_THAT(refused("current-context: x\ncontexts: {}\n").message(),
              HasSubstr("contexts: found a map, allowed: a list"));
  EXPECT_THAT(refused("current-context: [x]\n").message(), HasSubstr("found a list"));
  EXPECT_THAT(refused("current-context: x\ncontexts: [{name: x, context: {}}]\n").message(),
              HasSubstr("contexts[x].context.cluster: found nothing"));
  EXPECT_THAT(refused("current-context: x\ncontexts: [3, {name: x}]\n").message(),
              HasSubstr("contexts[]: found a text, allowed: a map"));
}

TEST_F(Kubeconfig, RefusesBrokenClusters) {
  EXPECT_THAT(cluster_refused("").message(),
              HasSubstr("clusters[c].cluster.server: found nothing"));
  EXPECT_THAT(cluster_refused("server: '10.0.0.1:6443'").message(),
              AllOf(HasSubstr("clusters[c].cluster.server"), HasSubstr("expected https://")));
  EXPECT_THAT(cluster_refused("server: 'https://h'").message(),
              AllOf(HasSubstr("certificate-authority: found nothing"),
                    HasSubstr("the system's CAs are not trusted")));
  EXPECT_THAT(cluster_refused("server: 'https://h', certificate-authority: none.crt").message(),
              AllOf(HasSubstr("clusters[c].cluster.certificate-authority: "),
                    HasSubstr(folder_ + "/none.crt"), HasSubstr("ENOENT")));
  EXPECT_THAT(cluster_refused("server: 'https://h', certificate-authority: me.key").message(),
              HasSubstr("found no PEM block"));
  EXPECT_THAT(cluster_refused("server: 'https://h', certificate-authority-data: '*'").message(),
              AllOf(HasSubstr("certificate-authority-data: found text that is not base64"),
                    HasSubstr("base64 -w0")));
  EXPECT_THAT(cluster_refused("server: 'https://h', certificate-authority-data: AAAA").message(),
              HasSubstr("certificate-authority-data: the text: found no PEM block"));
}

TEST_F(Kubeconfig, RefusesWhatIsNotSupported) {
  base::Status status = cluster_refused(std::string(kGood) + ", insecure-skip-tls-verify: true");
  EXPECT_EQ(status.code(), Code::kUnsupported);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("clusters[c].cluster.insecure-skip-tls-verify: found true"),
                    HasSubstr("certificate-authority")));
  status = cluster_refused(std::string(kGood) + ", proxy-url: 'http://proxy:3128'");
  EXPECT_EQ(status.code(), Code::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("http://proxy:3128"));
  EXPECT_THAT(cluster_refused(std::string(kGood) + ", insecure-skip-tls-verify: yes").message(),
              HasSubstr("found \"yes\", allowed: true or false"));
  for (const char* user : {"exec: {command: aws}", "auth-provider: {name: gcp}", "username: me",
                           "password: secret", "as: admin"}) {
    status = user_refused(user);
    EXPECT_EQ(status.code(), Code::kUnsupported);
    EXPECT_THAT(status.message(), AllOf(HasSubstr("users[u].user."), HasSubstr("allowed: token")));
  }
}

TEST_F(Kubeconfig, RefusesBrokenUsers) {
  EXPECT_THAT(
      user_refused("client-certificate: me.crt").message(),
      AllOf(HasSubstr("users[u].user.client-key: found nothing"), HasSubstr("both or neither")));
  EXPECT_THAT(user_refused("client-key: me.key").message(),
              HasSubstr("users[u].user.client-certificate: found nothing"));
  EXPECT_THAT(user_refused("tokenFile: nothing").message(),
              AllOf(HasSubstr("users[u].user.tokenFile: "), HasSubstr("ENOENT")));
  EXPECT_THAT(user_refused("token: \"a\\nInjected: b\"").message(),
              HasSubstr("users[u].user.token: found white space or control characters"));
  EXPECT_THAT(refused("current-context: x\ncontexts: [{name: x, context: {cluster: c, user: w}}]\n"
                      "clusters: [{name: c, cluster: {" +
                      std::string(kGood) + "}}]\nusers: []\n")
                  .message(),
              HasSubstr("users: found no entry named \"w\", there is none"));
}

TEST_F(Kubeconfig, IsFoundByItsName) {
  AccessOptions options;
  options.kubeconfig = write("config", config(kGood, "token: t"));
  EXPECT_EQ(watchers::find_cluster_access(options)->token, "t");
  options.kubeconfig = folder_ + "/other";
  base::Result<ClusterAccess> missing = watchers::find_cluster_access(options);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.status().code(), Code::kNotFound);
  EXPECT_THAT(missing.status().message(), HasSubstr("kubeconfig " + folder_ + "/other"));
}

TEST_F(Kubeconfig, InAPodTheServiceAccountIsUsed) {
  AccessOptions options;
  options.service_account = folder_;
  options.service_host = "fd00::1";
  options.service_port = "443";
  auto access = watchers::find_cluster_access(options);
  ASSERT_TRUE(access) << access.status().message();
  EXPECT_EQ(access->server.to_string(), "https://[fd00::1]:443");
  EXPECT_EQ(access->certificate_authority.file, folder_ + "/ca.crt");
  EXPECT_EQ(access->token_file, folder_ + "/token");
  options.server = "https://10.0.0.1:6443";
  EXPECT_EQ(watchers::find_cluster_access(options)->server.to_string(), "https://10.0.0.1:6443");
}

TEST_F(Kubeconfig, OutsideAPodTheRemedyIsTold) {
  AccessOptions options;
  options.service_account = folder_;
  base::Result<ClusterAccess> access = watchers::find_cluster_access(options);
  ASSERT_FALSE(access);
  EXPECT_EQ(access.status().code(), Code::kNotFound);
  EXPECT_THAT(access.status().message(),
              AllOf(HasSubstr("KUBERNETES_SERVICE_HOST"), HasSubstr("give a kubeconfig")));
  options.service_host = "10.96.0.1";
  options.service_port = "https";
  EXPECT_THAT(watchers::find_cluster_access(options).status().message(),
              AllOf(HasSubstr("KUBERNETES_SERVICE_PORT"), HasSubstr("1 to 65535")));
  options.service_port = "443";
  options.service_account = folder_ + "/nothing";
  access = watchers::find_cluster_access(options);
  ASSERT_FALSE(access);
  EXPECT_THAT(access.status().message(), AllOf(HasSubstr(folder_ + "/nothing/ca.crt"),
                                               HasSubstr("automountServiceAccountToken")));
}

TEST_F(Kubeconfig, ALocalProxyNeedsNoCredentials) {
  AccessOptions options;
  options.service_account = folder_ + "/nothing";
  options.server = "http://127.0.0.1:8001";
  auto access = watchers::find_cluster_access(options);
  ASSERT_TRUE(access) << access.status().message();
  EXPECT_FALSE(access->server.tls);
  EXPECT_EQ(access->token_file, "");
}

}  // namespace
