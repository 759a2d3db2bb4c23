// The credentials of both sides change under the running agent, or do not suffice.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cluster/agent_cluster_fixture.h"

namespace cluster {
namespace {

using base::IpAddress;
using nlohmann::json;
using std::chrono::seconds;

class AgentCredentials : public AgentClusterTest {
 protected:
  // Whatever a test did, the next one finds good credentials and an agent that has read them.
  void TearDown() override {
    AgentClusterTest::TearDown();
    ok(plane().rotate_client_certificate(seconds(24 * 3600)));
    ok(cluster().write_credentials());
    restart_with(cluster().kubeconfig_with_certificate());
  }

  static void restart_with(const std::string& kubeconfig) {
    ok(agent().stop().status());
    agent().use_kubeconfig(kubeconfig);
    ok(agent().start());
  }

  static bool log_has(const std::string& text) {
    return agent().log().find(text) != std::string::npos;
  }

  // Waits until the API server answers 401 to what was good before.
  static bool is_refused(const Credentials& credentials) {
    return eventually([&] {
      auto answer = Api(cluster().environment().api_url(), credentials).get("/api/v1/services");
      return answer.ok() && answer->status == 401;
    });
  }
};

TEST_F(AgentCredentials, ANewServingCertificateIsTakenAndAWrongOneRefused) {
  const IpAddress web = serve_ready("web");
  ok(plane().rotate_serving_certificate(ServingCertificate::kGood));
  tunnel().cut();
  expect_to_follow("rotated");

  ok(plane().rotate_serving_certificate(ServingCertificate::kWrongName));
  tunnel().cut();
  EXPECT_TRUE(eventually([&] { return log_has("192.0.2.1"); }))
      << "the log names whom the certificate is for";
  EXPECT_EQ(ask(web, 2).at("pod-0"), 2);
  ok(plane().rotate_serving_certificate(ServingCertificate::kGood));
  expect_to_follow("again");
}

TEST_F(AgentCredentials, AnExpiredClientCertificateIsReplacedWhileItRuns) {
  const IpAddress web = serve_ready("web");
  ok(agent().stop().status());
  ok(plane().rotate_client_certificate(seconds(20)));
  auto expiring = plane().agent_with_certificate();
  ok(expiring.status());
  ok(cluster().write_credentials());
  ok(agent().launch());
  ASSERT_TRUE(is_refused(*expiring));
  // A watch that began in time would go on.
  tunnel().cut();
  EXPECT_TRUE(eventually([&] { return log_has("401"); }));
  EXPECT_EQ(ask(web, 2).at("pod-0"), 2);

  ok(plane().rotate_client_certificate(seconds(24 * 3600)));
  ok(cluster().write_credentials());
  expect_to_follow("renewed");
  EXPECT_TRUE(takes(web, "pod-0"));
}

TEST_F(AgentCredentials, AReplacedTokenIsReadAgain) {
  const IpAddress web = serve_ready("web");
  restart_with(cluster().kubeconfig_with_token());
  expect_to_follow("first");
  auto revoked = plane().agent_with_token();
  ok(revoked.status());
  ok(plane().rotate_token(true));
  ok(cluster().write_credentials());
  ASSERT_TRUE(is_refused(*revoked));
  tunnel().cut();
  expect_to_follow("second");
  EXPECT_TRUE(takes(web, "pod-0"));
}

TEST_F(AgentCredentials, AMissingPermissionIsNamedWithItsRemedy) {
  const std::string name = space();  // roles have no namespace
  auto create = [&](const std::string& collection, const json& object) {
    auto made = api().create(collection, object.dump());
    EXPECT_TRUE(made.ok()) << made.status().message();
    return made.ok() ? json::parse(*made) : json();
  };
  const std::string rbac = "/apis/rbac.authorization.k8s.io/v1/";
  const std::string accounts = "/api/v1/namespaces/" + name + "/serviceaccounts";
  create(accounts, {{"metadata", {{"name", "limited"}}}});
  create(rbac + "clusterroles", {{"metadata", {{"name", name}}},
                                 {"rules",
                                  {{{"apiGroups", {""}},
                                    {"resources", {"services", "nodes"}},
                                    {"verbs", {"get", "list", "watch"}}}}}});
  create(rbac + "clusterrolebindings",
         {{"metadata", {{"name", name}}},
          {"roleRef",
           {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", name}}},
          {"subjects", {{{"kind", "ServiceAccount"}, {"namespace", name}, {"name", "limited"}}}}});
  const json token =
      create(accounts + "/limited/token", {{"kind", "TokenRequest"},
                                           {"apiVersion", "authentication.k8s.io/v1"},
                                           {"spec", {{"expirationSeconds", 3600}}}});

  const IpAddress web = serve_ready("web");
  ok(agent().stop().status());
  agent().use_kubeconfig(cluster().write_kubeconfig(
      "limited.yaml", "token: " + token["status"]["token"].get<std::string>()));
  ok(agent().launch());
  EXPECT_TRUE(eventually([&] {
    return log_has(
        "the agent needs a ClusterRole with get, list and watch on "
        "endpointslices.discovery.k8s.io");
  }));
  EXPECT_TRUE(agent().running());
  EXPECT_TRUE(takes(web, "pod-0")) << "what was there stays";

  // Permission granted, it goes on without a restart.
  ok(api()
         .merge_patch(rbac + "clusterroles/" + name,
                      R"({"rules":[{"apiGroups":["","discovery.k8s.io"],)"
                      R"("resources":["services","nodes","endpointslices"],)"
                      R"("verbs":["get","list","watch"]}]})")
         .status());
  expect_to_follow("granted");
}

}  // namespace
}  // namespace cluster
