#ifndef IPVS_AGENT_TESTS_TAKEOVER_TAKEOVER_FIXTURE_H_
#define IPVS_AGENT_TESTS_TAKEOVER_TAKEOVER_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/kernel/agent_fixture.h"
#include "tests/kernel/steady_load.h"
#include "tests/takeover/kube_proxy.h"

namespace takeover {

// A connection, or a UDP flow, that is to last, with its name in a failure and the server it was
// given.
struct LongConnection {
  std::string name;
  base::Protocol protocol;
  lab::Connection connection;
  std::string server;
};

// A node on which kube-proxy and the agent run one after the other, each with the same
// configuration. kube-proxy's log is printed when the test fails.
class TakeoverTest : public kernel_test::AgentTest {
 protected:
  TakeoverTest();
  void TearDown() override;

  // One Service of each kind (every_service.yaml).
  void put_every_service();
  bool start_proxy(const std::string& mode, const std::vector<std::string>& before = {});
  KubeProxy& proxy() { return proxy_; }
  // kube-proxy goes, the agent comes; false if the agent does not get in step with the API.
  bool take_over();

  // Opens connections through a ClusterIP, a node port and an external IP of both families, from
  // outside, from a pod and from the node.
  void open_connections();
  // Closes the TCP connections that the last open_connections() opened.
  void close_last_connections();
  // Asks once on each; what fails, or comes from another server than before on TCP, is a failure.
  void expect_connections(const std::string& when);
  // Short TCP connections, short UDP flows and long ones at some rate, until stop_load(). Once a
  // test.
  void start_load();
  // Waits until the load was answered some more times.
  void let_load_run();
  // A request of it that was not answered is a failure; at least some were answered.
  void stop_load();
  // Notes in the output what the test does now, and for how long it did what was before.
  void step(const std::string& name);

  // The lines that only the second text has, and those that only the first has behind "- ".
  static std::vector<std::string> difference(const std::string& before, const std::string& after);
  // Everything of the node's kernel, without what the kernel chooses (interface and hash numbers)
  // and without flags and lifetimes of addresses: ours are never taken for a source. Firewall marks
  // have the names of what they stand for.
  std::string state();

 private:
  void open(const std::string& name, const lab::Namespace& from, const lab::Target& to);

  KubeProxy proxy_{lab()};
  std::vector<LongConnection> connections_;
  std::size_t opened_before_ = 0;
  base::TimePoint last_step_ = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<kernel_test::SteadyLoad>> loads_;
};

// The configuration of both.
inline constexpr char kClusterCidr[] = "clusterCIDR: 10.244.0.0/16,fd00:10:244::/48";

}  // namespace takeover

#endif  // IPVS_AGENT_TESTS_TAKEOVER_TAKEOVER_FIXTURE_H_
