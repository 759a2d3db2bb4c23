#ifndef IPVS_AGENT_TESTS_KERNEL_AGENT_FIXTURE_H_
#define IPVS_AGENT_TESTS_KERNEL_AGENT_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/kernel/agent_in_lab.h"
#include "tests/kernel/cluster_objects.h"
#include "tests/lab/client.h"
#include "tests/lab/echo_server.h"
#include "tests/lab/target.h"

namespace kernel_test {

inline constexpr base::Family kFamilies[] = {base::Family::kIpv4, base::Family::kIpv6};
inline constexpr base::Protocol kProtocols[] = {base::Protocol::kTcp, base::Protocol::kUdp,
                                                base::Protocol::kSctp};
// Where servers listen, with every protocol.
inline constexpr base::Port kServerPort = 8080;
inline constexpr base::Port kSecondServerPort = 8443;

// A test with a cluster in the lab of two clients, two pods on the node and two remote pods, each
// pod with a server of its name: pod-0, pod-1, remote-0, remote-1. The agent does not run yet. Its
// log is printed when the test fails.
class AgentTest : public ::testing::Test {
 protected:
  AgentTest();
  ~AgentTest() override;
  void TearDown() override;

  AgentInLab& lab() { return *lab_; }
  const lab::Topology& network() const { return lab_->network(); }
  lab::EchoServer& server(const std::string& name) const;
  // The Endpoint of a server.
  static Endpoint endpoint(const std::string& server, base::Family family = base::Family::kIpv4);

  // Puts a Service with one slice a family, of the named servers.
  void serve(const std::string& name, const std::vector<base::IpAddress>& ips,
             const std::vector<ServicePort>& ports, const std::vector<std::string>& servers);
  // Waits until ipvsadm -Sn has, or has not, the text.
  bool in_kernel(const std::string& text) const;
  bool not_in_kernel(const std::string& text) const;

 private:
  void add_server(const std::string& name, const lab::Namespace& where);

  std::unique_ptr<AgentInLab> lab_;
  std::vector<std::unique_ptr<lab::EchoServer>> servers_;
};

// "10.0.0.1:80", "[fd00::1]:80".
std::string at(const base::IpAddress& address, base::Port port);

}  // namespace kernel_test

#endif  // IPVS_AGENT_TESTS_KERNEL_AGENT_FIXTURE_H_
