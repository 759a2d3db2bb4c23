// The API inside a network namespace that has no way out, in the lab.

#include "tests/cluster/api_tunnel.h"

#include <gtest/gtest.h>

#include "tests/cluster/api.h"
#include "tests/cluster/control_plane.h"
#include "tests/cluster/environment.h"
#include "tests/lab/namespace.h"

namespace cluster {
namespace {

TEST(ApiTunnelTest, LeadsOutOfANamespaceWithoutRoutes) {
  auto environment = Environment::read();
  ASSERT_TRUE(environment.ok()) << environment.status().message();
  auto agent = ControlPlane(*environment).agent_with_certificate();
  ASSERT_TRUE(agent.ok()) << agent.status().message();
  auto node = lab::Namespace::create("tunnel-node");
  ASSERT_TRUE(node.ok()) << node.status().message();

  auto list = [&](const std::string& url) {
    return node->run([&] { return Api(url, *agent).get("/api/v1/services?limit=1"); });
  };
  EXPECT_FALSE(list(environment->api_url()).ok()) << "the namespace has a way out of its own";

  auto tunnel = ApiTunnel::open({.target_host = environment->host,
                                 .target_port = environment->api_port,
                                 .listen_port = 6443,
                                 .listen_namespace = "/run/netns/" + node->name()});
  ASSERT_TRUE(tunnel.ok()) << tunnel.status().message();
  auto answer = list("https://127.0.0.1:6443");
  ASSERT_TRUE(answer.ok()) << answer.status().message();
  EXPECT_EQ(answer->status, 200) << answer->body;
  EXPECT_EQ((*tunnel)->accepted(), 1);
}

}  // namespace
}  // namespace cluster
