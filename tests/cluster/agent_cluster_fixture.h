#ifndef IPVS_AGENT_TESTS_CLUSTER_AGENT_CLUSTER_FIXTURE_H_
#define IPVS_AGENT_TESTS_CLUSTER_AGENT_CLUSTER_FIXTURE_H_

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/cluster/agent_cluster.h"
#include "tests/lab/client.h"

namespace cluster {

// The labels of every Pod and the selector of every Service here, unless a test says otherwise.
inline const Labels kWeb = {{"app", "web"}};
inline constexpr char kOperations[] = "ipvs_agent_operations_total";
inline constexpr char kLists[] = "ipvs_agent_source_lists_total";

inline bool eventually(const std::function<bool()>& condition) {
  return lab::eventually(condition, lab::kAgentPatience);
}

// The cluster is made once for the program, a namespace of the API for each test. A test finds the
// agent running, in step with the API and without Services of other tests; one that ends the agent
// or disturbs the API puts that right.
// The agent's log is printed when a test fails.
class AgentClusterTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  static AgentCluster& cluster();
  static lab::AgentProcess& agent() { return cluster().agent(); }
  static ControlPlane& plane() { return cluster().plane(); }
  static ApiTunnel& tunnel() { return cluster().tunnel(); }
  static Api& api() { return cluster().api(); }
  static void ok(const base::Status& status) { ASSERT_TRUE(status.ok()) << status.message(); }

  const std::string& space() const { return space_; }  // the namespace of the API
  std::string services() const { return "/api/v1/namespaces/" + space_ + "/services"; }
  std::string pods() const { return "/api/v1/namespaces/" + space_ + "/pods"; }

  // Creates a Service; its cluster IPs as the API server chose them. Throws std::runtime_error.
  std::vector<base::IpAddress> serve(const ServiceManifest& service);
  void add_pod(const std::string& server);
  void set_ready(const std::string& server, bool ready);
  // A single-port Service of the Pod pod-0, once that gets connections.
  base::IpAddress serve_ready(const std::string& name);
  // Proves that the agent follows the API: a new Service of this name arrives in the kernel.
  void expect_to_follow(const std::string& name);

  // How many protocols' virtual servers of port 80 give new connections to the server.
  static int shares(const base::IpAddress& service, const std::string& server);
  static bool takes(const base::IpAddress& service, const std::string& server) {
    return shares(service, server) > 0;
  }
  // Whether the address is in any table.
  static bool is_in_kernel(const base::IpAddress& service);
  // Deletions of virtual servers, real servers and set entries so far.
  static double deletions();

  // Who answered how many of `count` requests of the client.
  static std::map<std::string, int> ask(const base::IpAddress& service, int count,
                                        base::Protocol protocol = base::Protocol::kTcp);
  // A connection that this server answers.
  static std::optional<lab::Connection> connect(const base::IpAddress& service,
                                                const std::string& server);
  static void expect_alive(std::optional<lab::Connection>& connection);

 private:
  std::string space_;
  std::vector<base::IpAddress> served_;
};

}  // namespace cluster

#endif  // IPVS_AGENT_TESTS_CLUSTER_AGENT_CLUSTER_FIXTURE_H_
